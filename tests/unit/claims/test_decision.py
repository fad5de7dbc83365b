"""An earlier payer's 835 becomes a ClaimResponse, and that becomes what the next payer reads in the 837."""

import json
from datetime import date
from decimal import Decimal

import pytest

from services.claims.decision import write_decision
from services.claims.responses import Adjustment, read_answer
from services.claims.x12 import write_claim
from services.claims.x12.envelope import Transaction, read_interchanges
from services.claims.x12.remittance import read_remittance
from services.claims.x12.segments import Segment, read_segments
from shared.contracts.errors import InvalidContent
from shared.fhir.validation import validate
from tests.builders import Resource
from tests.builders.x12_claims import X12Case, priced_line, x12_case, x12_partner
from tests.builders.x12_special import decide_before
from tests.unit.claims.x12.validator import is_valid

# Payments of two lines of 125.50 and 50.00, of which the second is denied.
REMITTANCE = """\
CLP*ACCOUNT*1*175.5*92.95*20*12*ICN-1~
SVC*HC:99213*125.5*92.95**1~
CAS*CO*45*12.55~
CAS*PR*1*20~
REF*6R*1~
SVC*HC:99213*50*0**1~
CAS*CO*97*50~
REF*6R*2~
"""


def the_claim() -> X12Case:
    """What the first payer got."""
    return x12_case(item=[priced_line(1, "professional"), priced_line(2, "professional", price="50.00")])


def read_835() -> tuple[tuple[Adjustment, ...], Decimal]:
    """The adjustments by line and the payment of the remittance."""
    transaction = Transaction("835", "005010X221A1", "1", "1", 1, tuple(read_segments(REMITTANCE)))
    (answer,) = read_remittance(transaction)
    assert not answer.unusable
    assert answer.paid is not None
    lines = ((int(line.control), each) for line in answer.lines for each in line.adjustments)
    return tuple(Adjustment(at, each.group, each.reason, each.amount, each.remarks) for at, each in lines), answer.paid


def decide(claim: Resource) -> str:
    """The decision as ClaimResponse."""
    adjustments, paid = read_835()
    exact = json.loads(json.dumps(claim), parse_float=Decimal)
    decided = write_decision(exact, adjustments, paid, date(2026, 9, 20), response_id="first", payer_number="ICN-1")
    return decided.body


def test_what_an_835_decided_is_a_claim_response_that_says_the_same() -> None:
    body = decide(the_claim().claim)
    assert validate(body) == ()
    answer = read_answer(body.encode())
    adjustments, paid = read_835()
    assert (answer.adjustments, answer.paid, answer.payer_claim_number) == (adjustments, paid, "ICN-1")


def test_the_next_payer_reads_what_the_835_said() -> None:
    case = the_claim()
    written = json.loads(decide(case.claim))
    placeholder = decide_before(case.claim, case.others)
    case.others[case.others.index(placeholder)] = written
    text = write_claim(case.bundle(), x12_partner(), 1)
    assert is_valid(text)
    (interchange,) = read_interchanges(text)
    segments = interchange.transactions[0].segments
    assert [each for each in segments if each.name in ("SVD", "CAS", "AMT")] == [
        Segment.of("AMT", "D", "92.95"),
        Segment.of("SVD", "11111", "92.95", ("HC", "99213"), "", "1"),
        Segment.of("CAS", "CO", "45", "12.55"),
        Segment.of("CAS", "PR", "1", "20"),
        Segment.of("SVD", "11111", "0", ("HC", "99213"), "", "1"),
        Segment.of("CAS", "CO", "97", "50"),
    ]


def test_a_decision_that_does_not_balance_is_refused() -> None:
    with pytest.raises(InvalidContent, match="is not what was paid"):
        write_decision(the_claim().claim, (), Decimal(1), date(2026, 9, 20), response_id="first")

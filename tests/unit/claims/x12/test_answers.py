"""999, TA1, 277CA and 835: which claim they mean, what it becomes, and what was taken off which line."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.claims.claim import State
from services.claims.matching import ClaimNames
from services.claims.responses import Adjustment
from services.claims.x12 import name_account, write_claim
from services.claims.x12.answer_file import read_answer_file
from services.claims.x12.answers import (
    BilledLine,
    ClaimAnswer,
    LineAnswer,
    ProviderAdjustment,
    find_line,
    read_billed_lines,
    settle,
)
from services.claims.x12.envelope import Kind, Route, wrap_transaction
from services.claims.x12.segments import Segment, read_segments
from services.simulators.payer_adjudication import Verdict
from services.simulators.payer_x12 import ACKNOWLEDGMENT, CLAIM_STATUS, REMITTANCE, answer_claim, read_filed_claim
from shared.contracts.errors import InvalidContent
from tests.builders.x12_claims import BUILT_AT, generate_claim, priced_line, x12_case, x12_partner
from tests.unit.claims.x12.validator import is_valid

ROUTE = Route(("ZZ", "PAYER"), ("ZZ", "US"))
BILLED = [BilledLine(1, "99213", "20260901"), BilledLine(2, "71046", "20260901"), BilledLine(3, "71046", "20260902")]


def file_of(kind: Kind, text: str) -> bytes:
    """A file with one transaction; `text` is its segments, one a line."""
    segments = list(read_segments("".join(f"{line.strip()}~" for line in text.strip().splitlines())))
    return wrap_transaction(segments, ROUTE, kind, 1, BUILT_AT).encode()


def read(kind: Kind, text: str) -> ClaimAnswer:
    """The one answer of a file."""
    (answer,) = read_answer_file(file_of(kind, text)).answers
    return answer


def paid(*lines: str, status: str = "1", charge: str = "300", payment: str = "300") -> ClaimAnswer:
    """An 835 about one claim."""
    head = f"BPR*I*{payment}*C*NON\nTRN*1*EFT9*1999999999\nLX*1\nCLP*ACCOUNT*{status}*{charge}*{payment}**12*ICN7"
    return read(REMITTANCE, "\n".join([head, *lines]))


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.DENIED, Verdict.REJECTED])
@pytest.mark.parametrize("seed", [0, 1, 3])  # 2 is a void, which a reversal answers
def test_what_the_simulated_payer_says_follows_the_guides_and_is_understood(seed: int, verdict: Verdict) -> None:
    case = generate_claim(seed)
    text = write_claim(case.bundle(), x12_partner(), 77)
    files = answer_claim(read_filed_claim(text), verdict)
    assert all(map(is_valid, files.values()))
    answers = [answer for file in files.values() for answer in read_answer_file(file.encode()).answers]
    assert {answer.names.account for answer in answers} == {name_account(case.claim_id)}
    expected = {
        Verdict.ACCEPTED: [State.PENDED, State.ACCEPTED],
        Verdict.DENIED: [State.PENDED, State.DENIED],
        Verdict.REJECTED: [State.REJECTED],
    }
    assert [answer.state for answer in answers] == expected[verdict]
    billed = read_billed_lines(case.bundle())
    last = settle(answers[-1], "claim", billed)
    if verdict is Verdict.REJECTED:
        assert (last.codes, last.paid, last.payer_claim_number) == (("A7-562",), None, None)
        return
    assert [each.line for each in last.adjustments] == [line.sequence for line in billed]
    reason = "50" if verdict is Verdict.DENIED else "45"
    assert {(each.group, each.reason) for each in last.adjustments} == {("CO", reason)}
    assert last.payer_claim_number == "ICN000000077"


def test_an_understood_999_is_no_answer_and_a_refused_one_is() -> None:
    text = "AK1*HC*12*005010X222A1\nAK2*837*000000012*005010X222A1\n{}IK5*{}\nAK9*{}*1*1*0"
    assert read_answer_file(file_of(ACKNOWLEDGMENT, text.format("", "A", "A"))).answers == ()
    assert read_answer_file(file_of(ACKNOWLEDGMENT, text.format("", "E", "E"))).answers == ()
    faults = "IK3*NM1*8*2010*8\nIK4*9*67*1\n"
    answer = read(ACKNOWLEDGMENT, text.format(faults, "R*5", "R"))
    assert (answer.names, answer.state) == (ClaimNames(control="12"), State.REJECTED)
    assert answer.codes == ("IK3-8", "IK4-1", "IK5-5")


def test_a_refused_group_or_interchange_is_an_answer() -> None:
    group = read(ACKNOWLEDGMENT, "AK1*HC*12*005010X222A1\nAK9*R*1*1*0*3")
    assert (group.names.control, group.state, group.codes) == ("12", State.REJECTED, ("AK9-3",))
    note = (
        file_of(ACKNOWLEDGMENT, "AK1*HC*1\nAK9*A*0*0*0")
        .decode()
        .replace("GS*", "TA1*000000012*260901*0800*R*024~\nGS*", 1)
    )
    (refused,) = read_answer_file(note.encode()).answers
    assert (refused.names.control, refused.state, refused.codes) == ("12", State.REJECTED, ("TA1-024",))
    taken = note.replace("*R*024", "*A*000")
    assert read_answer_file(taken.encode()).answers == ()


def test_a_rejection_of_the_whole_file_is_that_of_its_claim() -> None:
    answer = read(CLAIM_STATUS, "BHT*0085\nHL*1**20*1\nHL*2*1*21*1\nTRN*2*ACCOUNT\nSTC*A3:24:41*20260901*U*100")
    assert (answer.names.account, answer.state, answer.codes) == ("ACCOUNT", State.REJECTED, ("A3-24",))
    taken = "BHT*0085\nHL*1**20*1\nHL*2*1*21*1\nTRN*2*ACCOUNT\nSTC*A1:19:41*20260901*WQ*100"
    assert read_answer_file(file_of(CLAIM_STATUS, taken)).answers == ()


def test_a_line_that_is_rejected_rejects_the_claim() -> None:
    answer = read(
        CLAIM_STATUS,
        """HL*4*3*PT
        TRN*2*
        STC*A2:20*20260901*WQ*100
        REF*1K*ICN7
        REF*D9*ACCOUNT
        SVC*HC:99213*100
        STC*A7:453*20260901*U*100******A8:454
        REF*FJ*1""",
    )
    assert answer.names == ClaimNames("ACCOUNT", "", "ICN7")
    assert (answer.state, answer.codes) == (State.REJECTED, ("A7-453", "A8-454"))
    settled = settle(answer, "c-1", [BilledLine(1, "99213", "20260901"), BilledLine(2, "80053", "20260901")])
    assert [(each.line, each.reason) for each in settled.adjustments] == [(1, "A7-453"), (1, "A8-454")]


def test_every_adjustment_is_on_its_line_with_its_group_reason_amount_and_remarks() -> None:
    answer = paid(
        "CAS*PR*3*20",
        "MOA***MA01*N4",
        "SVC*HC:99213:25*100*60",
        "DTM*472*20260901",
        "CAS*CO*45*10**253*5",
        "CAS*PR*1*25",
        "REF*6R*1",
        "LQ*HE*M80",
        "SVC*HC:71046*200*0",
        "DTM*472*20260902",
        "CAS*CO*50*200",
        "LQ*HE*N115",
        payment="40",
    )
    settled = settle(answer, "claim", BILLED)
    assert settled.state is State.PARTIALLY_DENIED
    assert settled.adjustments == (
        Adjustment(None, "PR", "3", Decimal(20), ("MA01", "N4")),
        Adjustment(1, "CO", "45", Decimal(10), ("M80",)),
        Adjustment(1, "CO", "253", Decimal(5), ("M80",)),
        Adjustment(1, "PR", "1", Decimal(25), ("M80",)),
        Adjustment(3, "CO", "50", Decimal(200), ("N115",)),
    )
    assert (settled.paid, settled.payer_claim_number) == (Decimal(40), "ICN7")
    assert settled.codes == ("3", "45", "253", "1", "50")


@pytest.mark.parametrize(
    ("line", "sequence"),
    [
        (LineAnswer("2", "99999", ""), 2),
        (LineAnswer("", "99213", "20260901"), 1),
        (LineAnswer("", "71046", "20260902"), 3),
        (LineAnswer("9", "99213", "20260901"), 1),
        (LineAnswer("", "99213", "20260930"), None),
    ],
)
def test_a_line_is_matched_by_its_number_else_by_service_and_day(line: LineAnswer, sequence: int | None) -> None:
    assert find_line(line, BILLED) == sequence


def test_of_two_lines_alike_none_is_guessed() -> None:
    alike = [BilledLine(1, "99213", "20260901"), BilledLine(2, "99213", "20260901")]
    assert find_line(LineAnswer("", "99213", "20260901"), alike) is None


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (paid("SVC*HC:1*300*300"), State.ACCEPTED),
        (paid("SVC*HC:1*300*0", "CAS*PR*1*300", payment="0"), State.ACCEPTED),
        (paid("SVC*HC:1*300*0", "CAS*CO*97*300", payment="0"), State.DENIED),
        (paid("SVC*HC:1*200*200", "SVC*HC:2*100*0", "CAS*CO*16*100", payment="200"), State.PARTIALLY_DENIED),
        (paid("CAS*CO*29*300", payment="0"), State.DENIED),
        (paid("CAS*CO*29*300", status="4", payment="0"), State.DENIED),
        (paid("CAS*CO*45*-300", status="22", charge="-300", payment="0"), State.PENDED),
        (paid(status="23"), State.PENDED),
    ],
)
def test_a_claim_becomes_what_its_lines_were_paid(answer: ClaimAnswer, state: State) -> None:
    assert answer.state is state
    assert not answer.unusable


@pytest.mark.parametrize(
    "answer",
    [
        paid("SVC*HC:1*300*300", payment="299"),
        paid("SVC*HC:1*200*300", "SVC*HC:2*100*0"),
        paid("CAS*CO*45*10"),
    ],
)
def test_what_is_not_balanced_is_not_believed(answer: ClaimAnswer) -> None:
    assert answer.unusable == "out-of-balance"


def test_what_is_paid_beside_claims_is_kept() -> None:
    text = "BPR*I*0*C*NON\nTRN*1*EFT9\nPLB*1234567893*20261231*WO:ICN7*-12.5*72:AUTH*3"
    read_file = read_answer_file(file_of(REMITTANCE, text))
    assert read_file.provider_adjustments == (
        ProviderAdjustment("WO", "ICN7", Decimal("-12.5")),
        ProviderAdjustment("72", "AUTH", Decimal(3)),
    )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "ISA"),
        (b"%PDF-1.7", "ISA"),
        (file_of(Kind("HB", "271", "005010X279A1"), "BHT*0022"), "segment 3"),
        (file_of(REMITTANCE, "LX*1\nCLP*ACCOUNT*1*abc*0"), "segment 3, CLP03"),
        (file_of(REMITTANCE, "LX*1\nCLP*ACCOUNT*1*1E999*0"), "segment 3, CLP03"),
        (file_of(REMITTANCE, "LX*1").replace(b"LX*1", b"LX*\0"), "ISA"),
        (file_of(REMITTANCE, "LX*1")[:-20], "IEA"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(content: bytes, place: str) -> None:
    with pytest.raises(InvalidContent) as error:
        read_answer_file(content)
    assert error.value.expression == place


FILES = [
    file.encode()
    for verdict in (Verdict.DENIED, Verdict.REJECTED)
    for file in answer_claim(read_filed_claim(write_claim(x12_case().bundle(), x12_partner(), 5)), verdict).values()
]


@given(st.sampled_from(FILES), st.integers(106, 600), st.binary(max_size=6), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_refused_or_read_and_never_breaks_the_reader(
    content: bytes, place: int, put: bytes, cut: int
) -> None:
    damaged = content[:place] + put + content[place + cut :]
    with contextlib.suppress(InvalidContent):
        for answer in read_answer_file(damaged).answers:
            assert settle(answer, "claim", BILLED).state is answer.state


def test_a_large_file_is_read_in_one_pass() -> None:
    one = file_of(REMITTANCE, "TRN*1*EFT9\nLX*1\nCLP*ACCOUNT*1*100*100").decode()
    assert len(read_answer_file((one * 300).encode()).answers) == 300


def test_a_repeated_answer_has_the_same_hash_whatever_file_it_comes_in() -> None:
    text = "BPR*I*0*C*NON\nTRN*1*EFT9\nLX*1\nCLP*ACCOUNT*1*100*100"
    segments = list(read_segments("".join(f"{line}~" for line in text.splitlines())))
    files = [wrap_transaction(segments, ROUTE, REMITTANCE, control, BUILT_AT) for control in (1, 2)]
    hashes = {settle(read_answer_file(file.encode()).answers[0], "claim", ()).sha256 for file in files}
    assert len(hashes) == 1


def test_the_lines_of_a_claim_are_read_with_their_days() -> None:
    lines = [
        priced_line(1, "professional"),
        priced_line(4, "professional", "J1885", servicedPeriod={"start": "2026-09-02"}),
    ]
    del lines[1]["servicedDate"]
    assert read_billed_lines(x12_case(item=lines).bundle()) == [
        BilledLine(1, "99213", "20260901"),
        BilledLine(4, "J1885", "20260902"),
    ]


def test_a_payers_own_delimiters_do_not_break_what_is_kept() -> None:
    content = file_of(REMITTANCE, "TRN*1*EFT9\nLX*1\nCLP*ACCOUNT*1*100*100\nNM1*QC*1*OBRIEN").decode()
    other = content.replace("*", "|").replace("OBRIEN", "O*BRIEN")
    (answer,) = read_answer_file(other.encode()).answers
    assert b"O*BRIEN" in answer.body
    assert answer.segments[0] == Segment.of("TRN", "1", "EFT9")

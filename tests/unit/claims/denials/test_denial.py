"""What payers' codes mean, what stands behind a denied line, and the packet of an appeal."""

import hashlib
import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.claims.build import BundleFrame, build_bundle
from services.claims.claim import Channel
from services.claims.denials.denial import DeniedLine, describe_denial, read_denial
from services.claims.denials.packet import build_packet
from services.claims.denials.reasons import PRICE_REASONS, Kind, Step, explain_denial
from services.claims.responses import read_answer
from services.coder.engine.model import CodeSystem
from shared.contracts.messages import Finding
from shared.fhir import systems
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.builders import as_bytes, claim_response
from tests.builders.charts import ready_chart, suggestion
from tests.builders.claims import ANN, COMPLETED_AT, accepted, added, coded_from


def denial_of(*codes: str, line: int | None = 1, amount: int | None = None) -> bytes:
    reasons = [
        {
            "category": {"coding": [{"system": systems.ADJUDICATION, "code": "denied"}]},
            "reason": {"coding": [{"system": systems.CARC, "code": code}]},
            **({"amount": {"value": amount, "currency": "USD"}} if amount else {}),
        }
        for code in codes
    ]
    where: dict[str, Any] = (
        {"adjudication": reasons} if line is None else {"item": [{"itemSequence": line, "adjudication": reasons}]}
    )
    return as_bytes(claim_response(**where))


def sent_bundle() -> bytes:
    visit = accepted(suggestion("99213", "cough", system=CodeSystem.CPT, justified_by=("J18.9",)))
    codings = [accepted(suggestion("J18.9")), visit, added("80053", CodeSystem.CPT)]
    return build_bundle(
        coded_from(ready_chart(), codings, None), BundleFrame(uuid4(), COMPLETED_AT, "https://h.example")
    )


def lines_of(bundle: bytes, answer: bytes, *findings: Finding) -> tuple[DeniedLine, ...]:
    return read_denial(bundle, read_answer(answer), findings).lines


@pytest.mark.parametrize(
    ("reason", "remarks", "kind", "step"),
    [
        ("11", (), Kind.CODING, Step.CORRECT),
        ("50", (), Kind.DOCUMENTATION, Step.APPEAL),
        ("50", ("N115",), Kind.CODING, Step.CORRECT),
        ("16", ("ZZ9", "MA61"), Kind.ELIGIBILITY, Step.CORRECT),
        ("197", (), Kind.AUTHORIZATION, Step.APPEAL),
        ("29", (), Kind.TIMELY, Step.WRITE_OFF),
        ("18", (), Kind.DUPLICATE, Step.WRITE_OFF),
        ("9999", (), Kind.OTHER, Step.APPEAL),
        ("", (), Kind.OTHER, Step.APPEAL),
    ],
)
def test_a_known_remark_says_more_than_the_reason(
    reason: str, remarks: tuple[str, ...], kind: Kind, step: Step
) -> None:
    meant = explain_denial(reason, remarks)
    assert (meant.kind, meant.step) == (kind, step)


def test_a_denied_line_is_joined_to_decision_coder_suggestion_and_words() -> None:
    bundle = sent_bundle()
    (line,) = lines_of(bundle, denial_of("11"))
    assert (line.line, line.expression, line.code, line.diagnoses) == (1, "Claim.item[0]", "99213", ("J18.9",))
    assert (line.origin.action, line.origin.practitioner) == ("accept", ANN)
    assert isinstance(line.origin.decision_id, UUID)
    assert isinstance(line.origin.suggestion_id, UUID)
    assert line.origin.evidence


def test_a_line_that_the_coder_added_has_no_suggestion_and_no_words() -> None:
    (line,) = lines_of(sent_bundle(), denial_of("11", line=2))
    assert (line.code, line.origin.action, line.origin.suggestion_id) == ("80053", "add", None)
    assert line.origin.evidence == ()


def test_a_denial_of_the_whole_claim_hits_every_line() -> None:
    lines = lines_of(sent_bundle(), denial_of("29", line=None))
    assert [line.line for line in lines] == [1, 2]


def test_what_only_limits_a_price_is_no_reason() -> None:
    assert "45" in PRICE_REASONS
    lines = lines_of(sent_bundle(), denial_of("45", "97"))
    assert [line.adjustment.reason for line in lines] == ["97"]


def test_our_own_warnings_about_the_line_are_named() -> None:
    warned = [
        Finding(edit=edit, severity="warning", message="m", fix="f", expression=expression)
        for edit, expression in (
            ("mue", "Claim.item[0].quantity"),
            ("other", "Claim.item[1]"),
            ("dx", "Claim.diagnosis[0]"),
        )
    ]
    (line,) = lines_of(sent_bundle(), denial_of("97"), *warned)
    assert line.edits == ("mue", "dx")


def test_the_line_with_the_most_money_says_what_to_do() -> None:
    answer = json.loads(denial_of("29", line=1, amount=5))
    answer["item"] += json.loads(denial_of("197", line=2, amount=80))["item"]
    denial = read_denial(sent_bundle(), read_answer(as_bytes(answer)), ())
    assert (denial.kind, denial.leading.adjustment.amount) == (Kind.AUTHORIZATION, Decimal(80))


def test_the_coder_is_told_place_and_codes() -> None:
    denial = read_denial(sent_bundle(), read_answer(denial_of("97")), ())
    (finding,) = describe_denial(denial)
    assert (finding.edit, finding.severity, finding.expression) == ("denied-97", "error", "Claim.item[0]")
    assert "CARC 97" in finding.message


def test_the_packet_has_the_words_the_claim_and_the_answer() -> None:
    bundle, answer = sent_bundle(), denial_of("50")
    lines = lines_of(bundle, answer)
    packet = build_packet(bundle, answer, Channel.FHIR, lines, claim_id=uuid4(), letter="Please look again.")
    entries = [entry["resource"] for entry in json.loads(packet)["entry"]]
    spoken = entries[0]
    texts = [part["contentString"] for part in spoken["payload"] if "contentString" in part]
    assert texts[0] == "Please look again."
    span = lines[0].origin.evidence[0]
    assert any(hashlib.sha256(text.encode()).hexdigest() == span.sha256 for text in texts)
    assert {"contentReference": {"reference": span.document}} in spoken["payload"]
    assert [each["resourceType"] for each in (entries[1], entries[-1])] == ["Claim", "ClaimResponse"]
    assert errors_of(validate(json.dumps(spoken))) == ()


def test_an_answer_by_file_goes_along_as_it_came() -> None:
    bundle = sent_bundle()
    packet = build_packet(bundle, b"CLP*1~\n", Channel.X12, (), claim_id=uuid4(), letter="x")
    binary = json.loads(packet)["entry"][-1]["resource"]
    assert (binary["resourceType"], binary["contentType"]) == ("Binary", "text/plain")

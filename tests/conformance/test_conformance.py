"""What Chartline sends is FHIR R4, by the judgement of a validator that is not ours."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.claims.build import BundleFrame, build_void
from services.claims.decision import write_decision
from services.claims.responses import Adjustment
from services.coder.chart_facts import read_facts
from services.coder.claim_draft import build_draft
from services.coder.coding import Coding
from services.coder.engine.model import Assertion, CodeSystem
from shared.contracts.messages import ChartReady
from shared.proof.coding import CODING_PROOF
from shared.proof.keys import generate_signing_key
from shared.proof.seal import seal_bundle
from tests.builders import coverage, patient, version_of
from tests.builders.charts import answer_of, ready_chart, suggestion
from tests.builders.claims import COMPLETED_AT, accepted, added, sealed_bundle
from tests.builders.x12_claims import x12_case
from tests.conformance.conftest import FindErrors

KEY = generate_signing_key()
VISIT = suggestion("99213", "Plan", system=CodeSystem.CPT, modifiers=("25",), justified_by=("J18.9",))
DRUG = suggestion("J1885", "cough syrup", system=CodeSystem.HCPCS, units=2)
CHARTS: dict[str, tuple[ChartReady, list[Coding]]] = {
    "a visit": (ready_chart(), [accepted(), accepted(VISIT), accepted(DRUG)]),
    "a visit by video": (
        ready_chart(encounter_class="VR"),
        [accepted(), accepted(suggestion("99213", "Plan", system=CodeSystem.CPT, place_of_service="10"))],
    ),
    "a stay": (
        ready_chart(encounter_class="IMP", setting="inpatient"),
        [accepted(), added("E11.9", on_admission="y"), added("0BH17EZ", CodeSystem.ICD10PCS)],
    ),
    "an outpatient of the hospital": (
        ready_chart(encounter_class="OBSENC"),
        [accepted(), added("I10"), accepted(VISIT)],
    ),
    "two coders": (ready_chart(), [accepted(), added("I10", by="Practitioner/bob")]),
    "a coverage with an empty array, as some senders write": (
        ready_chart(context=(version_of(coverage(extension=[])), *ready_chart().context[2:], version_of(patient()))),
        [accepted()],
    ),
    "a chart without insurer and doctor": (ready_chart(context=ready_chart().context[:2]), [accepted()]),
}


@pytest.mark.parametrize("name", CHARTS)
async def test_a_bundle_for_a_payer_has_no_error(name: str, find_errors: FindErrors) -> None:
    chart, codings = CHARTS[name]
    assert await find_errors(sealed_bundle(chart, codings, KEY)) == []


async def test_a_replacement_has_no_error(find_errors: FindErrors) -> None:
    assert await find_errors(sealed_bundle(ready_chart(), [accepted()], KEY, replaces=uuid4())) == []


async def test_a_void_has_no_error(find_errors: FindErrors) -> None:
    original = sealed_bundle(ready_chart(), [accepted()], KEY)
    frame = BundleFrame(
        uuid4(), COMPLETED_AT, "https://hospital.example/fhir", replaces=uuid4(), replaces_number="ICN-1"
    )
    sealed = seal_bundle(build_void(original, frame), KEY, rules={"edits": "1"}, sealed_at=COMPLETED_AT)
    assert await find_errors(sealed) == []


async def test_what_an_earlier_payer_decided_has_no_error(find_errors: FindErrors) -> None:
    case = x12_case()
    adjustments = (Adjustment(1, "CO", "45", Decimal("12.55"), ("N362",)), Adjustment(1, "PR", "1", Decimal(20)))
    exact = json.loads(json.dumps(case.claim), parse_float=Decimal)
    decided = write_decision(
        exact, adjustments, Decimal("92.95"), COMPLETED_AT.date(), response_id="first", payer_number="ICN-1"
    )
    assert await find_errors(decided.body) == []


async def test_a_draft_has_no_error(find_errors: FindErrors) -> None:
    chart = ready_chart()
    offer = suggestion("J22", selected=False, assertion=Assertion.UNCERTAIN, missing=(), why="")
    draft = build_draft(chart, read_facts(chart), answer_of(suggestion(), offer, VISIT), created=COMPLETED_AT)
    assert await find_errors(draft.claim.body) == []


def _drop_decision(claim: dict[str, Any]) -> None:
    proof = claim["diagnosis"][0]["extension"][0]
    assert proof["url"] == CODING_PROOF
    proof["extension"] = [part for part in proof["extension"] if part["url"] != "decision"]


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a proof without its decision": _drop_decision,
    "an extension that nobody defined": lambda claim: claim["item"][0].update(
        extension=[{"url": "https://chartline.example/fhir/StructureDefinition/nobody", "valueString": "x"}]
    ),
    "a status that FHIR does not know": lambda claim: claim.update(status="banana"),
    "an empty array": lambda claim: claim.update(related=[]),
    "no insurance": lambda claim: claim.pop("insurance"),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_the_validator_sees_what_is_wrong(name: str, find_errors: FindErrors) -> None:
    bundle = json.loads(sealed_bundle(*CHARTS["a visit"], KEY))
    BREAKS[name](bundle["entry"][0]["resource"])
    assert await find_errors(json.dumps(bundle))

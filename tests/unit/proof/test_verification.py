"""A sealed Bundle proves itself; whatever is changed in it is named."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.engine.model import CodeSystem
from shared.proof.coding import CODING_PROOF
from shared.proof.keys import generate_signing_key, read_key_set, to_key_set
from shared.proof.verification import count_codings, verify_bundle
from tests.builders.charts import ready_chart, suggestion
from tests.builders.claims import accepted, added, coded_from, sealed_bundle

KEY = generate_signing_key()
KEYS = read_key_set(to_key_set(KEY))
VISIT = suggestion("99213", "Plan", system=CodeSystem.CPT, modifiers=("25",), justified_by=("J18.9",))
SEALED: dict[str, Any] = json.loads(
    sealed_bundle(
        ready_chart(),
        [accepted(), added("E11.9", on_admission="y"), accepted(VISIT), added("0BH17EZ", CodeSystem.ICD10PCS)],
        KEY,
    )
)
OTHER_LINE: dict[str, Any] = json.loads(sealed_bundle(ready_chart(), [added("I10")], KEY))
Change = Callable[[dict[str, Any]], object]


def rules_after(change: Change) -> set[str]:
    bundle = copy.deepcopy(SEALED)
    change(bundle)
    return {finding.rule for finding in verify_bundle(bundle, KEYS)}


def claim_of(bundle: dict[str, Any]) -> dict[str, Any]:
    claim: dict[str, Any] = bundle["entry"][0]["resource"]
    return claim


def proof_of(element: dict[str, Any]) -> list[dict[str, Any]]:
    (proof,) = (each["extension"] for each in element["extension"] if each["url"] == CODING_PROOF)
    parts: list[dict[str, Any]] = proof
    return parts


def part_of(element: dict[str, Any], *path: str) -> dict[str, Any]:
    parts = proof_of(element)
    for name in path[:-1]:
        parts = next(part["extension"] for part in parts if part["url"] == name)
    return next(part for part in parts if part["url"] == path[-1])


def report_of(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "DiagnosticReport"
    )
    return found


def test_an_untouched_bundle_holds() -> None:
    assert verify_bundle(SEALED, KEYS) == []
    assert count_codings(SEALED) == 4


def test_layout_and_the_order_of_members_do_not_matter() -> None:
    assert verify_bundle(json.loads(json.dumps(SEALED, sort_keys=True, indent=3)), KEYS) == []


def test_a_stranger_s_keys_prove_nothing() -> None:
    strangers = read_key_set(to_key_set(generate_signing_key()))
    assert {finding.rule for finding in verify_bundle(SEALED, strangers)} == {"seal-refused", "coding-refused"}


def _set(name: str, value: object) -> Change:
    def change(bundle: dict[str, Any]) -> None:
        claim_of(bundle)["diagnosis"][0][name] = value

    return change


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "another code": (
        lambda bundle: claim_of(bundle)["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0].update(code="J15.9"),
        {"entry-changed", "coding-changed"},
    ),
    "another kind of diagnosis": (_set("type", []), {"entry-changed", "coding-changed"}),
    "a modifier less": (
        lambda bundle: claim_of(bundle)["item"][0].pop("modifier"),
        {"entry-changed", "coding-changed"},
    ),
    "more units": (
        lambda bundle: claim_of(bundle)["item"][0]["quantity"].update(value=2),
        {"entry-changed", "coding-changed"},
    ),
    "a price, which billing adds before it seals": (
        lambda bundle: claim_of(bundle)["item"][0].update(net={"value": 1.0, "currency": "USD"}),
        {"entry-changed"},
    ),
    "another coder": (
        lambda bundle: part_of(claim_of(bundle)["diagnosis"][0], "decision", "practitioner").update(
            valueReference={"reference": "Practitioner/bob"}
        ),
        {"entry-changed", "proof-changed"},
    ),
    "another engine": (
        lambda bundle: part_of(claim_of(bundle)["diagnosis"][0], "engine").update(valueString="engine 2"),
        {"entry-changed", "proof-changed"},
    ),
    "no signature on a code": (
        lambda bundle: proof_of(claim_of(bundle)["diagnosis"][0]).pop(),
        {"entry-changed", "coding-unsigned"},
    ),
    "a code of another claim": (
        lambda bundle: claim_of(bundle)["diagnosis"].append({**claim_of(OTHER_LINE)["diagnosis"][0], "sequence": 1}),
        {"entry-changed", "coding-moved", "coding-repeated"},
    ),
    "a code twice": (
        lambda bundle: claim_of(bundle)["item"].append(copy.deepcopy(claim_of(bundle)["item"][0])),
        {"entry-changed", "coding-repeated"},
    ),
    "a code less": (lambda bundle: claim_of(bundle)["item"].pop(), {"entry-changed"}),
    "other words cited": (
        lambda bundle: part_of(claim_of(bundle)["diagnosis"][0], "evidence", "start").update(valueUnsignedInt=0),
        {"entry-changed", "proof-changed", "words-changed"},
    ),
    "another report": (
        lambda bundle: report_of(bundle).update(conclusion="Nothing of note."),
        {"entry-changed", "document-changed"},
    ),
    "no report": (
        lambda bundle: bundle["entry"].remove(
            next(each for each in bundle["entry"] if each["resource"]["resourceType"] == "DiagnosticReport")
        ),
        {"entry-removed", "document-missing"},
    ),
    "one more resource": (
        lambda bundle: bundle["entry"].append({"fullUrl": "https://x.example/fhir/Patient/2", "resource": {}}),
        {"entry-added"},
    ),
    "entries in another order": (lambda bundle: bundle["entry"].append(bundle["entry"].pop(3)), {"entries-reordered"}),
    "another identifier": (lambda bundle: bundle["identifier"].update(value="x"), {"bundle-changed"}),
    "no seal": (lambda bundle: bundle.pop("signature"), {"seal-missing"}),
    "a code's signature as seal": (
        lambda bundle: bundle["signature"].update(data="e30="),
        {"seal-refused"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_found_and_named(name: str) -> None:
    change, rules = CHANGES[name]
    assert rules_after(change) == rules


def test_findings_say_where_and_show_no_content() -> None:
    bundle = copy.deepcopy(SEALED)
    claim_of(bundle)["item"][0]["quantity"] = {"value": 77}
    places = {finding.expression: finding.message for finding in verify_bundle(bundle, KEYS)}
    assert places.keys() == {"Bundle.entry[0].resource", "Claim.item[0].quantity"}
    assert "77" not in "".join(places.values())


def test_without_a_key_a_claim_has_its_proof_unsigned() -> None:
    claim = json.loads(coded_from(ready_chart(), [accepted()], None).claim.body)
    assert [part["url"] for part in proof_of(claim["diagnosis"][0])] == [
        "evidence", "decision", "suggestion", "engine", "code-set", "lexicon",
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["entry", "resource", "x"]), inner),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["entry", "signature", "x"]), JSON))
def test_any_json_gets_an_answer(content: dict[str, Any]) -> None:
    assert verify_bundle(content, KEYS)

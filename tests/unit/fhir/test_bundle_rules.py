"""The rules of a payer's Bundle, each broken once."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from shared.fhir.bundle_rules import check_bundle, resolve_target, walk_references
from tests.builders import claim, coverage, organization, patient

BASE = "https://hospital.example/fhir"
Bundle = dict[str, Any]


def sound() -> Bundle:
    """A Bundle that breaks no rule."""
    resources = [claim(), patient(), coverage(), organization(), organization("hospital")]
    entries = [
        {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        for resource in resources
    ]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:claims", "value": "1"},
        "type": "collection",
        "timestamp": "2026-09-02T08:00:00Z",
        "entry": entries,
    }


def broken(bundle: object) -> list[tuple[str, str]]:
    """Rule and place of every issue."""
    return [(issue.rule, issue.expression) for issue in check_bundle(bundle)]


def test_a_sound_bundle_breaks_no_rule() -> None:
    assert check_bundle(sound()) == []


def _reverse(bundle: Bundle) -> None:
    bundle["entry"].reverse()


def _repeat(bundle: Bundle) -> None:
    bundle["entry"].append(deepcopy(bundle["entry"][1]))


def _repeat_elsewhere(bundle: Bundle) -> None:
    bundle["entry"].append({"fullUrl": "https://other.example/fhir/Patient/pt-1", "resource": patient()})


def _second_claim(bundle: Bundle) -> None:
    bundle["entry"].append({"fullUrl": f"{BASE}/Claim/claim-2", "resource": claim("claim-2")})


def _put(*path: str | int, value: object) -> Callable[[Bundle], None]:
    def change(bundle: Bundle) -> None:
        element: Any = bundle
        for step in path[:-1]:
            element = element[step]
        element[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "rule", "expression"),
    [
        (_put("type", value="batch"), "bundle-type", "Bundle.type"),
        (_put("identifier", value={"value": "1"}), "bundle-identifier", "Bundle.identifier"),
        (_put("identifier", value=[]), "bundle-identifier", "Bundle.identifier"),
        (_put("timestamp", value=None), "bundle-timestamp", "Bundle.timestamp"),
        (_put("entry", value=[]), "claim-first", "Bundle.entry[0].resource"),
        (_put("entry", value="x"), "claim-first", "Bundle.entry[0].resource"),
        (_reverse, "claim-first", "Bundle.entry[0].resource"),
        (_second_claim, "one-claim", "Bundle.entry"),
        (_put("entry", 1, "resource", value=None), "entry-resource", "Bundle.entry[1].resource"),
        (_put("entry", 2, "request", value={}), "entry-request", "Bundle.entry[2].request"),
        (_put("entry", 2, "search", value={}), "entry-request", "Bundle.entry[2].search"),
        (_put("entry", 2, "fullUrl", value=None), "full-url", "Bundle.entry[2].fullUrl"),
        (_put("entry", 2, "fullUrl", value="Coverage/cov-1"), "full-url", "Bundle.entry[2].fullUrl"),
        (_put("entry", 2, "fullUrl", value="urn:uuid:nonsense"), "full-url", "Bundle.entry[2].fullUrl"),
        (_put("entry", 2, "fullUrl", value=f"{BASE}/Coverage/other"), "full-url-id", "Bundle.entry[2].fullUrl"),
        (_repeat, "instance-once", "Bundle.entry[5]"),
        (_repeat_elsewhere, "instance-once", "Bundle.entry[5]"),
        (
            _put("entry", 0, "resource", "patient", "reference", value="Patient/gone"),
            "reference-resolves",
            "Bundle.entry[0].resource.patient.reference",
        ),
        (
            _put("entry", 0, "resource", "patient", "reference", value="#gone"),
            "reference-resolves",
            "Bundle.entry[0].resource.patient.reference",
        ),
        (
            _put(
                "entry",
                2,
                "resource",
                "payor",
                value=[{"reference": "https://other.example/fhir/Organization/payer-1"}],
            ),
            "reference-resolves",
            "Bundle.entry[2].resource.payor[0].reference",
        ),
    ],
)
def test_each_rule_is_seen_where_it_is_broken(change: Callable[[Bundle], None], rule: str, expression: str) -> None:
    bundle = sound()
    change(bundle)
    assert (rule, expression) in broken(bundle)


@pytest.mark.parametrize("content", [None, [], "x", {}, {"resourceType": "Patient"}])
def test_what_is_no_bundle_is_said_to_be_none(content: object) -> None:
    assert broken(content) == [("bundle-resource", "Bundle")]


@pytest.mark.parametrize(
    "target", ["Patient/pt-1", f"{BASE}/Patient/pt-1", "Patient/pt-1/_history/3", f"{BASE}/Patient/pt-1/_history/3"]
)
def test_a_reference_resolves_relative_absolute_and_versioned(target: str) -> None:
    bundle = sound()
    _put("entry", 0, "resource", "patient", "reference", value=target)(bundle)
    assert check_bundle(bundle) == []


def test_contained_resources_and_identifiers_need_no_entry() -> None:
    bundle = sound()
    bundle["entry"][1]["resource"].update(
        contained=[{"resourceType": "Organization", "id": "own"}],
        managingOrganization={"reference": "#own"},
        generalPractitioner=[{"identifier": {"value": "1"}}],
    )
    assert check_bundle(bundle) == []


def test_urn_entries_are_found_by_their_urn_only() -> None:
    urn = "urn:uuid:0b3f7d8e-8d53-5c55-9a3e-1d8d7a2f0c11"
    bundle = sound()
    bundle["entry"][1]["fullUrl"] = urn
    assert broken(bundle) == [
        ("reference-resolves", "Bundle.entry[0].resource.patient.reference"),
        ("reference-resolves", "Bundle.entry[2].resource.beneficiary.reference"),
    ]
    for element in (bundle["entry"][0]["resource"]["patient"], bundle["entry"][2]["resource"]["beneficiary"]):
        element["reference"] = urn
    assert check_bundle(bundle) == []


def test_a_relative_reference_in_a_urn_entry_matches_nothing() -> None:
    assert resolve_target("Patient/1", "urn:uuid:0b3f7d8e-8d53-5c55-9a3e-1d8d7a2f0c11") == "Patient/1"


def test_references_are_found_at_any_depth_with_their_place() -> None:
    element = {"a": [{"b": {"reference": "X/1"}}], "reference": {"reference": "X/2"}, "text": "reference"}
    found = [(reference.expression, reference.target) for reference in walk_references(element, "R")]
    assert found == [("R.a[0].b.reference", "X/1"), ("R.reference.reference", "X/2")]

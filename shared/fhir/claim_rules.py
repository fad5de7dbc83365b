"""Invariants of Claim that the library does not check. Source: FHIR R4 Claim, with the X12 limits left to the edits."""

from collections.abc import Iterator

from shared.fhir.invariants import invariant
from shared.fhir.issues import Issue
from shared.fhir.parse import JsonObject

_SEQUENCED = ("careTeam", "supportingInfo", "diagnosis", "procedure", "insurance", "item")
_POINTERS = {
    "careTeamSequence": "careTeam",
    "diagnosisSequence": "diagnosis",
    "procedureSequence": "procedure",
    "informationSequence": "supportingInfo",
}


@invariant("Claim")
def check_insurance(claim: JsonObject) -> Iterator[Issue]:
    """At least one insurance, exactly one of them focal."""
    insurance = _list(claim, "insurance")
    if not insurance:
        yield Issue("insurance-missing", "required", "Claim.insurance", "a claim has at least one insurance")
        return
    if sum(1 for each in insurance if each.get("focal") is True) != 1:
        yield Issue("one-focal-insurance", "business-rule", "Claim.insurance", "exactly one insurance is focal")


@invariant("Claim")
def check_sequences(claim: JsonObject) -> Iterator[Issue]:
    """`sequence` is unique among its siblings."""
    for name in _SEQUENCED:
        yield from _find_repeated(_list(claim, name), f"Claim.{name}")
    for index, item in enumerate(_list(claim, "item")):
        yield from _find_repeated(_list(item, "detail"), f"Claim.item[{index}].detail")


@invariant("Claim")
def check_pointers(claim: JsonObject) -> Iterator[Issue]:
    """A line points only to a careTeam, diagnosis, procedure and supportingInfo that the claim has."""
    for pointer, name in _POINTERS.items():
        known = {each.get("sequence") for each in _list(claim, name)}
        for index, item in enumerate(_list(claim, "item")):
            if not known.issuperset(item.get(pointer, ())):
                place = f"Claim.item[{index}].{pointer}"
                yield Issue("dangling-sequence", "not-found", place, f"no {name} of the claim has this sequence")


def _find_repeated(siblings: list[JsonObject], path: str) -> Iterator[Issue]:
    seen: set[object] = set()
    for index, each in enumerate(siblings):
        sequence = each.get("sequence")
        if sequence in seen:
            yield Issue("duplicate-sequence", "duplicate", f"{path}[{index}].sequence", "a sequence occurs once")
        seen.add(sequence)


def _list(content: JsonObject, name: str) -> list[JsonObject]:
    found = content.get(name)
    return found if isinstance(found, list) else []

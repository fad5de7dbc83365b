"""A coding as it was reported: the codes of a final Claim, with all that a review judges.

Place in the flow: read from the Claim that went to billing, or typed by a reviewer; pure. Invariant: the order is the
Claim's, so that the first diagnosis is the principal or first-listed one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from services.coder.decisions import ChosenCode
from services.coder.engine.model import CodeSystem
from shared.fhir import systems

_SYSTEMS = {
    systems.ICD10CM: CodeSystem.ICD10CM,
    systems.ICD10PCS: CodeSystem.ICD10PCS,
    systems.CPT: CodeSystem.CPT,
    systems.HCPCS: CodeSystem.HCPCS,
}
Element = dict[str, Any]
"""A FHIR element as decoded JSON; its values differ by name."""
OnAdmission = Literal["y", "n", "u", "w"]


@dataclass(frozen=True, slots=True)
class ReportedCode:
    """A code as a claim has it; `modifiers` and `units` are a service line's."""

    chosen: ChosenCode
    modifiers: tuple[str, ...] = ()
    units: int = 1


def read_reported(claim: str) -> list[ReportedCode]:
    """Read the codes of a final Claim as this service wrote it: diagnoses, procedures, lines."""
    return list(_list_reported(json.loads(claim)))


def _list_reported(claim: Element) -> Iterator[ReportedCode]:
    for diagnosis in claim.get("diagnosis", ()):
        stated = diagnosis.get("onAdmission")
        yield ReportedCode(_choose(diagnosis["diagnosisCodeableConcept"], _code_of(stated) if stated else None))
    for procedure in claim.get("procedure", ()):
        yield ReportedCode(_choose(procedure["procedureCodeableConcept"]))
    for item in claim.get("item", ()):
        modifiers = tuple(_code_of(each) for each in item.get("modifier", ()))
        yield ReportedCode(_choose(item["productOrService"]), modifiers, int(item["quantity"]["value"]))


def _choose(concept: Element, on_admission: str | None = None) -> ChosenCode:
    coding = concept["coding"][0]
    return ChosenCode(_SYSTEMS[coding["system"]], coding["code"], coding.get("display", ""), on_admission)


def _code_of(concept: Element) -> str:
    return cast("str", concept["coding"][0]["code"])

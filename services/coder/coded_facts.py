"""Codes that arrived in structured data: reasons, conditions and the conclusions of reports.

Place in the flow: `chart_facts` asks for them when it makes the engine's chart; pure. Invariant: they are evidence
beside the words, never an answer; a condition that was refuted or entered in error is none, and each comes once.
"""

from collections.abc import Callable, Iterable, Iterator

from services.coder.engine.model import CodedFact
from shared.contracts.messages import ResourceVersion
from shared.fhir.elements import CodeableConcept
from shared.fhir.subset import ConditionSubset, DiagnosticReportSubset, EncounterSubset, read_as

_NOT_SO = frozenset({"refuted", "entered-in-error"})

Find = Callable[[str], ResourceVersion | None]
"""The resource of a reference, None where it does not travel with the chart."""


def list_coded_facts(
    encounter: EncounterSubset, conditions: Iterable[ResourceVersion], reports: Iterable[ResourceVersion], find: Find
) -> Iterator[CodedFact]:
    """List the codes of an encounter, of the `conditions` that travel with it and of its `reports`."""
    for concept in encounter.reason_code:
        yield from _codes_of(concept, "Encounter.reasonCode")
    for path, version in _name_conditions(encounter, conditions, find):
        condition = read_as(ConditionSubset, version.body)
        if _NOT_SO.isdisjoint(coding.code for coding in condition.verification_status.coding):
            yield from _codes_of(condition.code, path)
    for version in reports:
        for concept in read_as(DiagnosticReportSubset, version.body).conclusion_code:
            yield from _codes_of(concept, "DiagnosticReport.conclusionCode")


def _name_conditions(
    encounter: EncounterSubset, conditions: Iterable[ResourceVersion], find: Find
) -> Iterable[tuple[str, ResourceVersion]]:
    """Each condition once, under the path that says most about its part in the encounter."""
    named = [("Encounter.diagnosis.condition", diagnosis.condition) for diagnosis in encounter.diagnosis]
    named += [("Encounter.reasonReference", reason) for reason in encounter.reason_reference]
    found: dict[str, tuple[str, ResourceVersion]] = {}
    for path, reference in named:
        version = find(reference.reference)
        if version and version.resource_type == "Condition":
            found.setdefault(version.reference, (path, version))
    for version in conditions:
        found.setdefault(version.reference, ("Condition.code", version))
    return found.values()


def _codes_of(concept: CodeableConcept, path: str) -> Iterator[CodedFact]:
    for coding in concept.coding:
        if coding.system and coding.code:
            display = (coding.display or concept.text).replace("\x00", "")  # PostgreSQL's JSON cannot hold it
            yield CodedFact(path, coding.system, coding.code, display)

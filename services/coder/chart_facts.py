"""What the structured resources of a chart say: the facts that the engine, the coder and the claim need.

Place in the flow: read once from a stored `ChartReady`, by `service`; pure. Invariant: every reference in `ChartFacts`
names a resource that travels with the chart; what is not there is None, never a dangling name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.coder.coded_facts import list_coded_facts
from services.coder.engine.model import Chart, Document, ReportFact, Setting
from services.coder.given_facts import list_given_facts
from services.coder.lab_results import list_lab_results
from shared.contracts.messages import ChartReady, ResourceVersion
from shared.fhir import systems
from shared.fhir.elements import CodeableConcept, Reference
from shared.fhir.references import read_reference
from shared.fhir.subset import (
    CoverageSubset,
    DiagnosticReportSubset,
    EncounterSubset,
    OrganizationSubset,
    Participant,
    PatientSubset,
    ResourceSubset,
    read_as,
)

ATTENDER = "ATND"


class ChartResources:
    """The resources that travel with a chart, found by reference: relative, absolute or `urn:uuid:`."""

    def __init__(self, chart: ChartReady) -> None:
        everything = (chart.encounter, *chart.context, *chart.reports)
        self._by_reference = {version.reference: version for version in everything}
        self._by_id = {version.resource_id: version for version in everything}

    def find(self, reference: str) -> ResourceVersion | None:
        """Return the resource that a reference names, or None."""
        if reference.startswith("urn:uuid:"):
            return self._by_id.get(reference.removeprefix("urn:uuid:"))
        key = read_reference(reference)
        return self._by_reference.get(key.reference) if key else None

    def locate(self, reference: Reference | None) -> str | None:
        """Return the relative reference of the resource that `reference` names, None where it is not in the chart."""
        found = self.find(reference.reference) if reference else None
        return found.reference if found else None

    def of_type(self, resource_type: str) -> list[ResourceVersion]:
        """Return all resources of a type, in the order of the chart."""
        return [version for version in self._by_reference.values() if version.resource_type == resource_type]


class CodedResource(ResourceSubset):
    """Any resource whose `code` says what it is about."""

    code: CodeableConcept = CodeableConcept()


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """References are relative, such as `Patient/1`, and None where the chart does not carry the resource."""

    encounter: EncounterSubset
    patient: str | None
    patient_age_years: int | None
    patient_sex: str | None
    coverage: str | None
    insurer: str | None
    provider: str | None
    care_team: tuple[str, ...]
    """Practitioners, the attending one first, each once."""


def read_facts(chart: ChartReady) -> ChartFacts:
    """Read the facts of a chart whose resources were validated at intake."""
    resources = ChartResources(chart)
    encounter = read_as(EncounterSubset, chart.encounter.body)
    patient = resources.find(encounter.subject.reference) if encounter.subject else None
    person = read_as(PatientSubset, patient.body) if patient else None
    focal = _choose_coverage(resources, patient, chart.service_date)
    coverage = read_as(CoverageSubset, focal.body) if focal else None
    care_team = _list_care_team(resources, encounter.participant)
    return ChartFacts(
        encounter=encounter,
        patient=patient.reference if patient else None,
        patient_age_years=person.age_years(chart.service_date) if person and chart.service_date else None,
        patient_sex=person.gender or None if person else None,
        coverage=focal.reference if focal else None,
        insurer=resources.locate(coverage.payor[0]) if coverage and coverage.payor else None,
        provider=resources.locate(encounter.service_provider) or next(iter(care_team), None),
        care_team=care_team,
    )


def _list_care_team(resources: ChartResources, participants: Iterable[Participant]) -> tuple[str, ...]:
    attending_first = sorted(participants, key=lambda participant: not participant.is_a(ATTENDER))
    located = (resources.locate(participant.individual) for participant in attending_first)
    people = (person for person in located if person and person.startswith("Practitioner/"))
    return tuple(dict.fromkeys(people))


def _choose_coverage(
    resources: ChartResources, patient: ResourceVersion | None, day: date | None
) -> ResourceVersion | None:
    """Choose the focal coverage: active before not, in force on the day before not, then Coverage.order.

    One that is not in force still names the payer; whether it pays is asked by the edits, not by the coder.
    """
    found = []
    for version in resources.of_type("Coverage"):
        coverage = read_as(CoverageSubset, version.body)
        if patient and resources.locate(coverage.beneficiary) == patient.reference:
            rank = (coverage.status != "active", not _is_in_force(coverage, day), coverage.order or 1)
            found.append((rank, version))
    return min(found, key=lambda candidate: candidate[0])[1] if found else None


def _is_in_force(coverage: CoverageSubset, day: date | None) -> bool:
    if day is None:
        return True
    start, end = coverage.period.start, coverage.period.end
    return (start is None or start.date() <= day) and (end is None or day <= end.date())


def read_specialty(encounter: EncounterSubset) -> str:
    """Return Encounter.serviceType as a FHIR token (`system|code`), else its text in lower case, "" without either."""
    concept = encounter.service_type
    token = next((f"{coding.system}|{coding.code}" for coding in concept.coding if coding.code), "")
    return (token or concept.text.strip().lower()).replace("\x00", "")  # PostgreSQL's text cannot hold it


def read_engine_chart(chart: ChartReady, facts: ChartFacts) -> Chart:
    """Make the engine's input of a stored chart."""
    resources = ChartResources(chart)
    period = facts.encounter.period
    return Chart(
        documents=tuple(
            Document(each.document_id, each.version, each.text, each.title, each.kind, each.authored_at)
            for each in chart.documents
        ),
        setting=Setting(chart.setting),
        service_date=chart.service_date,
        coded_facts=tuple(
            list_coded_facts(facts.encounter, resources.of_type("Condition"), chart.reports, resources.find)
        ),
        lab_results=tuple(list_lab_results(chart.reports, resources.find)),
        specialty=read_specialty(facts.encounter),
        patient_age_years=facts.patient_age_years,
        patient_sex=facts.patient_sex,
        reports=tuple(_read_report(version, chart, resources) for version in chart.reports),
        encounter_class=chart.encounter_class,
        payer=_name_payer(facts, resources),
        is_new_patient=_is_new_patient(facts.encounter),
        admitted_on=period.start.date() if period.start else None,
        discharged_on=period.end.date() if period.end else None,
        given=tuple(list_given_facts(chart.context, resources.find)),
        encounter_type=_name_type(facts.encounter),
    )


def _read_report(version: ResourceVersion, chart: ChartReady, resources: ChartResources) -> ReportFact:
    report = read_as(DiagnosticReportSubset, version.body)
    results = (resources.find(result.reference) for result in report.result)
    return ReportFact(
        path=version.reference,
        loinc=report.code.code_in(systems.LOINC),
        title=report.code.title,
        categories=tuple(coding.code for concept in report.category for coding in concept.coding if coding.code),
        status=report.status,
        components=tuple(_read_loinc(result) for result in results if result),
        performers=tuple(performer.reference for performer in report.performer if performer.reference),
        interpreters=tuple(reader.reference for reader in report.results_interpreter if reader.reference),
        document_ids=tuple(each.document_id for each in chart.documents if each.source == version.reference),
        performed_at=report.effective_at,
    )


def _read_loinc(result: ResourceVersion) -> str:
    """The LOINC code of an Observation, "" of one without."""
    return read_as(CodedResource, result.body).code.code_in(systems.LOINC)


def _is_new_patient(encounter: EncounterSubset) -> bool | None:
    """Whether the encounter's type calls the patient new; None where it does not tell."""
    kinds = _name_type(encounter)
    if "new patient" in kinds:
        return True
    return False if "established patient" in kinds or "follow-up" in kinds else None


def _name_type(encounter: EncounterSubset) -> str:
    """What registration calls the encounter, in lower case."""
    return " ".join(concept.title.lower() for concept in encounter.type).replace("\x00", "")


def _name_payer(facts: ChartFacts, resources: ChartResources) -> str:
    insurer = resources.find(facts.insurer) if facts.insurer else None
    is_organization = insurer is not None and insurer.resource_type == "Organization"
    return read_as(OrganizationSubset, insurer.body).name if insurer and is_organization else ""

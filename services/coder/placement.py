"""What decides on a chart's place in the queue: which lists let it through, who may see it, how urgent it is.

Place in the flow: read from a chart when it arrives, by `service.placing`; pure. Invariant: what is not known is "",
which no criterion and no scope names.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from services.coder.chart_facts import ChartFacts, ChartResources, read_specialty
from services.coder.priority import RankedFacts
from shared.contracts.messages import ChartReady
from shared.fhir import systems
from shared.fhir.elements import Coding
from shared.fhir.references import read_reference
from shared.fhir.subset import DiagnosticReportSubset, ResourceSubset, read_as

OTHER_LINE = "clinic"


class Restriction(StrEnum):
    """Why only people with the clearance of this name may see a chart."""

    VIP = "vip"
    EMPLOYEE = "employee"
    RESTRICTED = "restricted"


_RESTRICTIONS: Mapping[tuple[str, str], Restriction] = {
    (systems.ACT_CODE, "CEL"): Restriction.VIP,
    (systems.ACT_CODE, "VIP"): Restriction.VIP,
    (systems.ENCOUNTER_COURTESY, "VIP"): Restriction.VIP,
    (systems.ACT_CODE, "EMP"): Restriction.EMPLOYEE,
    (systems.CONFIDENTIALITY, "R"): Restriction.RESTRICTED,
    (systems.CONFIDENTIALITY, "V"): Restriction.RESTRICTED,
}


@dataclass(frozen=True, slots=True)
class LaneKey:
    """What rules and rights can tell charts apart by."""

    service_line: str
    specialty: str
    facility: str
    encounter_class: str
    payer: str
    restrictions: tuple[Restriction, ...]
    """In order, each once."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A chart's lane, the patient whose record it is, and what its rank is made of."""

    lane: LaneKey
    patient: str
    ranked: RankedFacts


def read_placement(chart: ChartReady, facts: ChartFacts) -> Placement:
    """Read what decides on a chart's place."""
    resources = ChartResources(chart)
    encounter = facts.encounter
    payer = facts.insurer or ""
    return Placement(
        lane=LaneKey(
            service_line=_choose_service_line(chart),
            specialty=read_specialty(encounter),
            facility=_name_place(encounter.service_provider.reference) if encounter.service_provider else "",
            encounter_class=chart.encounter_class,
            payer=payer,
            restrictions=_list_restrictions(facts, resources),
        ),
        patient=facts.patient or (_name_place(encounter.subject.reference) if encounter.subject else ""),
        ranked=RankedFacts(
            service_date=chart.service_date,
            encounter_class=chart.encounter_class,
            payer=payer,
            flag=next((each.code for each in encounter.priority.coding if each.code), "").replace("\x00", ""),
            documents=len(chart.documents),
            characters=sum(len(document.text) for document in chart.documents),
        ),
    )


def _name_place(reference: str) -> str:
    key = read_reference(reference)
    return key.reference if key else reference.replace("\x00", "")


def _list_restrictions(facts: ChartFacts, resources: ChartResources) -> tuple[Restriction, ...]:
    patient = resources.find(facts.patient) if facts.patient else None
    labels: list[Coding] = [*facts.encounter.meta.security, *facts.encounter.hospitalization.courtesies]
    if patient:
        labels += read_as(ResourceSubset, patient.body).meta.security
    found = {_RESTRICTIONS.get((label.system, label.code)) for label in labels}
    return tuple(sorted(restriction for restriction in found if restriction))


def _choose_service_line(chart: ChartReady) -> str:
    """By encounter class; an ambulatory chart of nothing but imaging or laboratory reports is of that department."""
    by_class, by_category = _read_service_lines()
    if chart.encounter_class in by_class:
        return by_class[chart.encounter_class]
    departments = {_name_department(read_as(DiagnosticReportSubset, each.body), by_category) for each in chart.reports}
    return departments.pop() if len(departments) == 1 else OTHER_LINE


def _name_department(report: DiagnosticReportSubset, by_category: Mapping[str, str]) -> str:
    codes: Iterable[str] = (coding.code for concept in report.category for coding in concept.coding)
    return next((by_category[code] for code in codes if code in by_category), OTHER_LINE)


@cache
def _read_service_lines() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The lines by encounter class (v3-ActCode) and by report category (v2-0074)."""
    text = files("services.coder").joinpath("service_lines.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    by_class = {row["code"]: row["service_line"] for row in rows if row["kind"] == "class"}
    return by_class, {row["code"]: row["service_line"] for row in rows if row["kind"] == "category"}

"""New or established: whether a group has seen a patient within three years.

Place in the flow: `service.suggesting` asks it before the engine runs, and keeps each visit for later ones; pure.
Invariant: a patient is established by a visit that is known, and new only where the group's known visits reach back
over all of the three years; otherwise the history does not tell.
Source: AMA, CPT E/M guidelines, new and established patient: no face-to-face professional service by the physician, or
one of the same specialty and group, within three years.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.coder.chart_facts import ChartFacts, read_specialty
from services.coder.engine.services.lines import IMAGING, LABORATORY
from services.coder.engine.services.visit_kinds import EMERGENCY, OFFICE, STAY
from shared.contracts.messages import ChartReady
from shared.fhir.subset import DiagnosticReportSubset, read_as

YEARS = 3
_FACE_TO_FACE = OFFICE | EMERGENCY | STAY


@dataclass(frozen=True, slots=True)
class Visit:
    """A face-to-face visit. `care_group` and `patient` are references; empty where the encounter tells none."""

    patient: str
    day: date
    care_group: str
    specialty: str
    practitioners: tuple[str, ...]

    @property
    def looks_back_to(self) -> date:
        """The first day of the three years."""
        is_leap_day = (self.day.month, self.day.day) == (2, 29)
        return self.day.replace(year=self.day.year - YEARS, day=28 if is_leap_day else self.day.day)


def read_visit(chart: ChartReady, facts: ChartFacts) -> Visit | None:
    """Read the visit that a chart tells of; None where nobody saw the patient, or it is not known who or when."""
    if not facts.patient or not chart.service_date or chart.encounter_class not in _FACE_TO_FACE:
        return None
    if not _has_note(chart):
        return None
    provider = facts.encounter.service_provider
    return Visit(
        facts.patient,
        chart.service_date,
        provider.reference if provider else "",
        read_specialty(facts.encounter),
        facts.care_team,
    )


def judge_history(visit: Visit, earlier: Iterable[Visit], known_since: date | None) -> bool | None:
    """Tell whether the patient is new; None where the history does not tell.

    `earlier` are the patient's visits within the three years before `visit`; `known_since` is the first day of which
    any visit of its group is known.
    """
    is_undecided = False
    for each in earlier:
        if set(each.practitioners) & set(visit.practitioners):
            return False
        if visit.care_group and each.care_group == visit.care_group:
            if visit.specialty and each.specialty == visit.specialty:
                return False
            is_undecided |= not visit.specialty or not each.specialty
    reaches_back = known_since is not None and known_since <= visit.looks_back_to
    return True if reaches_back and not is_undecided else None


def _has_note(chart: ChartReady) -> bool:
    """Whether there is a text that is not the report of an examination, whose patient nobody need have seen."""
    examinations = set()
    for version in chart.reports:
        report = read_as(DiagnosticReportSubset, version.body)
        if {coding.code for concept in report.category for coding in concept.coding} & (IMAGING | LABORATORY):
            examinations.add(version.reference)
    return any(document.text.strip() and document.source not in examinations for document in chart.documents)

"""The grouper's question about a coding: its diagnoses, procedures, patient, and how the stay ended.

Place in the flow: from `service.drafting`'s facts and codes, or a review's; pure. Invariant: only inpatient stays have
one (MS-DRGs pay acute inpatient care: 42 CFR 412), and none without a day of discharge and a principal diagnosis.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from services.coder.chart_facts import ChartFacts
from services.coder.decisions import ChosenCode
from services.coder.engine.model import CodeSystem
from services.coder.grouping.grouper import Stay, StayDiagnosis
from shared.contracts.messages import ChartReady
from shared.fhir import systems
from shared.fhir.subset import EncounterSubset

INPATIENT_CLASSES = frozenset({"IMP", "ACUTE", "NONAC"})
"""Encounter classes of inpatient care (v3-ActEncounterCode); observation and short stays are outpatient care."""
HOME = "01"


def read_stay(chart: ChartReady, facts: ChartFacts, codes: Sequence[ChosenCode]) -> Stay | None:
    """Make the question of the codes that a claim has, in its order; None where there is nothing to group."""
    diagnoses = tuple(
        StayDiagnosis(each.code, (each.on_admission or "").upper())
        for each in codes
        if each.system is CodeSystem.ICD10CM
    )
    if not is_inpatient(chart) or chart.service_date is None or not diagnoses:
        return None
    return Stay(
        discharged=chart.service_date,
        diagnoses=diagnoses,
        procedures=tuple(each.code for each in codes if each.system is CodeSystem.ICD10PCS),
        age=facts.patient_age_years,
        gender=facts.patient_sex or "",
        discharge_status=read_discharge_status(facts.encounter) or HOME,
    )


def is_inpatient(chart: ChartReady) -> bool:
    """Whether a chart is of inpatient care."""
    return chart.encounter_class in INPATIENT_CLASSES


def read_discharge_status(encounter: EncounterSubset) -> str:
    """The NUBC's patient discharge status, '' where the encounter does not tell how it ended."""
    concept = encounter.hospitalization.discharge_disposition
    stated = concept.code_in(systems.NUBC_DISCHARGE_STATUS)
    return stated or _load_statuses().get(concept.code_in(systems.DISCHARGE_DISPOSITION), "")


@cache
def _load_statuses() -> dict[str, str]:
    lines = files(__package__).joinpath("discharge_status.tsv").read_text("utf-8").splitlines()
    _, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return dict(rows)

"""Time of a visit beyond its highest level, in steps of 15 minutes.

Place in the flow: `visit_levels` asks it after a visit whose level documented time reaches; pure. Invariant: the
threshold and the number are the payer's. Sources: CPT 99417, 99418; CMS G2212, G0316 (thresholds since 2024).
"""

from collections.abc import Iterator

from services.coder.engine.model import Chart, CodeSystem, Suggestion
from services.coder.engine.services.documented_time import DocumentedTime
from services.coder.engine.services.lines import is_medicare, propose
from services.coder.engine.services.tables import load_rows

STEP_MINUTES = 15
_CONFIDENCE = 0.7


def suggest_prolonged(chart: Chart, visit: Suggestion, time: DocumentedTime) -> Iterator[Suggestion]:
    """Suggest the prolonged time of `visit`, none below the payer's threshold or where the level has none."""
    payer = "medicare" if is_medicare(chart.payer) else "*"
    for row in load_rows("prolonged_services.tsv"):
        least = int(row["minutes"])
        if (row["base"], row["payer"]) == (visit.code, payer) and time.minutes >= least:
            system = CodeSystem.HCPCS if row["code"].startswith("G") else CodeSystem.CPT
            why = f"{time.minutes} minutes are documented; counted from {least}, each {STEP_MINUTES}."
            line = propose(
                row["code"], row["words"], why, evidence=(time.evidence,), confidence=_CONFIDENCE, system=system
            )
            units = (time.minutes - least) // STEP_MINUTES + 1
            yield line._replace(units=units, justified_by=visit.justified_by)

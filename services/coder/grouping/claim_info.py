"""How a stay ended and its MS-DRG, as supportingInfo of the Claim.

Place in the flow: `claim_final` puts it on the Claim, and X12 carries it as CL1 and HI*DR; pure. Invariant:
what is not documented is left out, and so is a group that nobody pays.
Source: CARIN Blue Button 2.0, C4BB supporting info type (drg); FHIR R4 Claim, claim information category (discharge).
"""

from collections.abc import Iterator
from typing import Any

from services.coder.chart_facts import ChartFacts
from services.coder.grouping.grouper import Group
from services.coder.grouping.stay import is_inpatient, read_discharge_status
from shared.contracts.messages import ChartReady
from shared.fhir import systems

Element = dict[str, Any]
"""A FHIR element as decoded JSON; its values differ by name."""


def build_stay_info(chart: ChartReady, facts: ChartFacts, group: Group | None) -> list[Element]:
    """Build the supportingInfo of an inpatient Claim; empty for any other."""
    if not is_inpatient(chart):
        return []
    return [{"sequence": number, **info} for number, info in enumerate(_list_info(facts, group), 1)]


def _list_info(facts: ChartFacts, group: Group | None) -> Iterator[Element]:
    status = read_discharge_status(facts.encounter)
    if status:
        yield {
            "category": _concept(systems.SUPPORTING_INFO_CATEGORY, "discharge"),
            "code": _concept(systems.NUBC_DISCHARGE_STATUS, status),
        }
    if group and not group.problem:
        coding = {"system": systems.MS_DRG, "version": group.version, "code": group.drg, "display": group.title}
        yield {"category": _concept(systems.SUPPORTING_INFO_OF_BILL, "drg"), "code": {"coding": [coding]}}


def _concept(system: str, code: str) -> Element:
    return {"coding": [{"system": system, "code": code}]}

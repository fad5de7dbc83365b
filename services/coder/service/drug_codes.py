"""Asks the NDC-HCPCS crosswalk of a day how the drugs are billed that were given with a National Drug Code.

Place in the flow: beside `procedure_tables`, before the engine; the caller has the connection. Invariant: a fact is
only added to; a dosage that is no amount leaves the drug to its name.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from services.coder.engine.given import Amount, BilledAs, GivenFact, GivenKind
from services.coder.engine.model import Chart
from shared.codesets.entry import Entry
from shared.codesets.ndc import fold_ndc
from shared.codesets.store import list_releases, read_rules
from shared.fhir import systems
from shared.postgres.pool import Connection

KIND = "ndc-hcpcs"
_EACH = "ea"
_DOSAGE = re.compile(r"(?:per |up to )?(\d[\d,]*\.?\d*|\.\d+) ?([A-Z]+)", re.IGNORECASE)


async def give_drug_codes(connection: Connection, chart: Chart) -> Chart:
    """Give the drugs of a chart their billing codes, where the crosswalk of its day is loaded."""
    day, ndcs = chart.service_date, {ndc for fact in chart.given if (ndc := _ndc_of(fact))}
    if day is None or not ndcs:
        return chart
    if not any(each.kind == KIND and each.effective <= day for each in await list_releases(connection)):
        return chart
    rows = await read_rules(connection, KIND, sorted(ndcs), day)
    billed = {row.code: found for row in rows if (found := read_billed_as(row))}
    return replace(chart, given=tuple(_bill(fact, billed) for fact in chart.given))


def _ndc_of(fact: GivenFact) -> str:
    return fold_ndc(fact.code_in(systems.NDC)) if fact.kind is GivenKind.DRUG else ""


def _bill(fact: GivenFact, billed: Mapping[str, BilledAs]) -> GivenFact:
    found = billed.get(_ndc_of(fact))
    return replace(fact, billed_as=found) if found else fact


def read_billed_as(row: Entry) -> BilledAs | None:
    """What a row of the crosswalk says of billing: "10 MG" is 10 mg; None for a dosage that is no amount."""
    dosage = _DOSAGE.fullmatch(str(row.facts["dosage"]).strip())
    if dosage is None:
        return None
    unit = dosage[2].lower()
    amount = Amount(Decimal(dosage[1].replace(",", "")), "each" if unit == _EACH else unit)
    return BilledAs(str(row.facts["hcpcs"]), amount, row.title.lower())

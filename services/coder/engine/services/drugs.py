"""HCPCS lines of drugs: units from the dose, and what was discarded of a single-dose container.

Place in the flow: `suggest_services` calls it with the doses of the chart; pure. Invariants: units are whole and never
less than what was given; a discarded amount is a line of its own, and never one that rounding has billed already; what
units or modifiers depend on and nobody wrote down is named as missing.
Sources: CMS Pub. 100-04, chapter 17, sections 10 and 40; CMS, JW and JZ modifier policy.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.coder.engine.given import Amount
from services.coder.engine.model import Chart, CodeSystem, Suggestion
from services.coder.engine.services.doses import convert, count_units
from services.coder.engine.services.doses_given import Dose
from services.coder.engine.services.drug_table import Drug
from services.coder.engine.services.lines import (
    CONFIDENCE_OFFER,
    FACILITY_ONLY,
    is_medicare,
    justify_given,
    offer_of_facility,
    propose,
)

DISCARDED, NONE_DISCARDED = "JW", "JZ"
NONE_DISCARDED_FROM = date(2023, 7, 1)
"""Medicare asks for JZ on lines of services since this day."""
_CONFIDENCE, _CONFIDENCE_WITH_GAPS = 0.85, 0.6


class Counted(NamedTuple):
    """A drug's doses of the chart in its own unit: given, and discarded where that is documented."""

    drug: Drug
    doses: list[Dose]
    given: Decimal | None
    discarded: Decimal | None

    @property
    def units(self) -> int:
        """Billing units of what was given; 1 where the dose is not known."""
        return count_units(self.given, self.drug.amount) if self.given else 1

    @property
    def discarded_units(self) -> int:
        """Billing units of what was discarded, beyond what rounding up has billed."""
        if not self.given or not self.discarded:
            return 0
        return count_units(self.given + self.discarded, self.drug.amount) - self.units


def suggest_drugs(chart: Chart, diagnoses: Sequence[Suggestion], doses: Sequence[Dose]) -> Iterator[Suggestion]:
    """Suggest a line for each drug, and one for what of it was discarded; none where the stay pays for them."""
    if chart.encounter_class in FACILITY_ONLY:
        return
    for code in dict.fromkeys(dose.drug.code for dose in doses):
        counted = count_doses([dose for dose in doses if dose.drug.code == code])
        for line in _suggest(chart, diagnoses, counted):
            yield offer_of_facility(chart, line)


def count_doses(doses: list[Dose]) -> Counted:
    """Add the doses of one drug up; an amount that cannot be converted leaves the whole unknown."""
    drug = doses[0].drug
    given = [_convert(dose.amount, dose) for dose in doses for _ in range(dose.times)]
    discarded = [_convert(dose.discarded, dose) for dose in doses if dose.discarded]
    return Counted(drug, doses, _add(given), _add(discarded) if discarded else _infer_discarded(doses))


def _convert(amount: Amount | None, dose: Dose) -> Decimal | None:
    if amount is None:
        return Decimal(1) if dose.drug.unit == "each" else None
    if not amount.value or dose.drug.unit == "each":
        return amount.value if not amount.value else Decimal(1)
    return convert(amount, dose.drug.unit, dose.strength)


def _add(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else None


def _infer_discarded(doses: Sequence[Dose]) -> Decimal | None:
    """A dose of whole vials leaves nothing to discard; of a part of one, silence says nothing."""
    for dose in doses:
        vial = convert(dose.size, dose.drug.unit, dose.strength) if dose.size else None
        given = _convert(dose.amount, dose)
        if not vial or not given or given % vial:
            return None
    return Decimal(0)


def _suggest(chart: Chart, diagnoses: Sequence[Suggestion], counted: Counted) -> Iterator[Suggestion]:
    drug, missing = counted.drug, tuple(_name_missing(chart, counted))
    line = propose(
        drug.code,
        drug.words,
        _explain(counted),
        evidence=dict.fromkeys(span for dose in counted.doses for span in dose.evidence),
        confidence=_CONFIDENCE_WITH_GAPS if missing else _CONFIDENCE,
        system=CodeSystem.HCPCS,
    )
    line = line._replace(
        missing=missing,
        units=counted.units,
        facts=tuple(fact for dose in counted.doses for fact in dose.facts),
        justified_by=_justify(diagnoses, counted),
    )
    if not counted.given:
        yield line._replace(selected=False, confidence=CONFIDENCE_OFFER)
        return
    yield line._replace(modifiers=(NONE_DISCARDED,) if _attests_none(chart, counted) else ())
    if counted.discarded_units:
        why = f"{counted.discarded} {drug.unit} of a single-dose container were discarded."
        gaps = () if _is_single(counted) else ("single-dose container",)
        discarded = line._replace(modifiers=(DISCARDED,), units=counted.discarded_units, why=why, missing=gaps)
        yield discarded._replace(selected=not gaps)


def _justify(diagnoses: Sequence[Suggestion], counted: Counted) -> tuple[str, ...]:
    reasons = [code for dose in counted.doses for code in dose.reasons]
    documents = [span.document_id for dose in counted.doses for span in dose.evidence]
    return justify_given(diagnoses, reasons, documents, counted.drug.indications)


def _attests_none(chart: Chart, counted: Counted) -> bool:
    """Medicare's JZ: nothing was discarded, or nothing beyond what rounding up has billed."""
    asked = is_medicare(chart.payer) and (chart.service_date is None or chart.service_date >= NONE_DISCARDED_FROM)
    return asked and _is_single(counted) and counted.discarded is not None and not counted.discarded_units


def _is_single(counted: Counted) -> bool:
    return all(dose.is_single_dose for dose in counted.doses)


def _name_missing(chart: Chart, counted: Counted) -> Iterator[str]:
    if counted.given is None:
        in_volume = any(dose.amount and dose.amount.unit.lower() in ("ml", "cc", "l") for dose in counted.doses)
        yield "concentration" if in_volume else "dose"
    if not all(dose.said_given for dose in counted.doses):
        yield "that it was given"
    if any(dose.route is None for dose in counted.doses):
        yield "route"
    if is_medicare(chart.payer) and _is_single(counted) and counted.given and counted.discarded is None:
        yield "discarded amount"


def _explain(counted: Counted) -> str:
    drug = counted.drug
    if counted.given is None:
        return f"{drug.sentence_words} without an amount that can be counted."
    unit = f"one unit is {drug.amount.normalize():f} {drug.unit}"
    return f"{counted.given.normalize():f} {drug.unit} given; {unit}, a part of one counts as one."

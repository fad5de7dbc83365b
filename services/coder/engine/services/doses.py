"""Doses into billing units: exact decimals, converted by mass, activity or strength, rounded up to whole units.

Place in the flow: `drugs` counts the units of a line here; pure. Invariant: a conversion that needs what was not
documented, such as a strength for a dose in mL, answers None and never guesses.
Source: CMS Pub. 100-04, chapter 17, section 10 (units are rounded up to the next whole unit of the HCPCS descriptor).
"""

from decimal import ROUND_CEILING, Decimal

from services.coder.engine.given import Amount, Strength

_SCALES: dict[str, tuple[str, Decimal]] = {
    **{name: ("mg", Decimal(1)) for name in ("mg", "milligram", "milligrams")},
    **{name: ("mg", Decimal(1000)) for name in ("g", "gm", "gram", "grams")},
    **{
        name: ("mg", Decimal("0.001"))
        for name in ("mcg", "ug", "\N{MICRO SIGN}g", "\N{GREEK SMALL LETTER MU}g", "microgram", "micrograms")
    },
    **{name: ("unit", Decimal(1)) for name in ("u", "iu", "unit", "units", "[iu]", "[usp'u]", "usp units")},
    **{name: ("unit", Decimal(1_000_000)) for name in ("million units", "mu", "million iu")},
    **{name: ("ml", Decimal(1)) for name in ("ml", "cc", "milliliter", "milliliters")},
    **{name: ("ml", Decimal(1000)) for name in ("l", "liter", "liters")},
    **{name: ("meq", Decimal(1)) for name in ("meq",)},
    **{name: ("each", Decimal(1)) for name in ("", "each", "dose", "doses", "vial", "{dose}", "1")},
}
"""Written units (UCUM and plain) by what they measure, and how much of that measure they are."""


def convert(amount: Amount, unit: str, strength: Strength | None = None) -> Decimal | None:
    """Return `amount` in `unit`; through `strength` where one is a volume and the other is not; None where unknown."""
    measure, value = _measure(amount)
    wanted, scale = _SCALES[unit.lower()]
    if measure == wanted:
        return value / scale
    if strength is None or measure is None:
        return None
    (drug, per_drug), (solution, per_solution) = _measure(strength.drug), _measure(strength.solution)
    if not per_drug or not per_solution:
        return None
    if (measure, wanted) == (solution, drug):
        return value * per_drug / per_solution / scale
    return value * per_solution / per_drug / scale if (measure, wanted) == (drug, solution) else None


def is_measured(unit: str) -> bool:
    """Whether amounts of a written unit can be counted."""
    return unit.strip().lower() in _SCALES


def count_units(value: Decimal, of: Decimal) -> int:
    """Count the billing units of `of` that a dose fills, a part of one as a whole one."""
    return int((value / of).to_integral_value(ROUND_CEILING))


def _measure(amount: Amount) -> tuple[str | None, Decimal]:
    measure, scale = _SCALES.get(amount.unit.strip().lower(), (None, Decimal(1)))
    return measure, amount.value * scale

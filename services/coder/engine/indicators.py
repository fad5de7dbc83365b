"""Turns laboratory results outside their range into indicators: what they show, and what might be asked.

Place in the flow: beside the suggestions, never among them. Example: potassium 2.9 mmol/L, range 3.5 to 5.1, is "low"
and may be asked about as hypokalemia (E87.6). Invariant: no indicator selects, adds or changes a suggestion's code.
"""

from functools import cache

from services.coder.engine.model import Indicator, LabResult
from services.coder.engine.tokens import read_table


@cache
def _load_rules() -> dict[tuple[str, str], tuple[str, ...]]:
    """The conditions by measurement (LOINC number or lower-case name) and direction."""
    rules: dict[tuple[str, str], tuple[str, ...]] = {}
    for loinc, names, direction, codes in read_table("indicators.tsv"):
        for key in (*loinc.split("|"), *names.split("|")):
            rules[key, direction] = tuple(codes.split("|"))
    return rules


def read_indicators(results: tuple[LabResult, ...]) -> tuple[Indicator, ...]:
    """The results that lie outside their own reference range and that the table knows, in their order."""
    found = []
    for result in results:
        direction = tell_direction(result)
        rules = _load_rules()
        codes = rules.get((result.loinc, direction)) or rules.get((result.name.strip().lower(), direction))
        if direction and codes:
            found.append(Indicator(result.path, _state(result, direction), codes))
    return tuple(found)


def tell_direction(result: LabResult) -> str:
    """ "low" or "high", or "" for a result within its range or without one."""
    if result.low is not None and result.value < result.low:
        return "low"
    return "high" if result.high is not None and result.value > result.high else ""


def _state(result: LabResult, direction: str) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in (result.low, result.high))
    value = f"{result.name} {result.value:g} {result.unit}".rstrip()
    return f"{value} is {direction} (reference range {low}-{high})"

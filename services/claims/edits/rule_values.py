"""The values that a payer's rules are written in, and what is said of those that cannot be understood; pure.

Place in the flow: `payer_rules` reads a biller's file with these types. Invariant: a value that could never match, such
as a range that ends before it begins or a place of one digit, is refused and not left to match nothing.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, NonNegativeInt
from pydantic_core import ErrorDetails

from services.claims.edits.reference import read_range

_SERVICE = re.compile(r"[A-Z0-9]\d{3}[A-Z0-9]")
_DIAGNOSIS = re.compile(r"[A-Z]\d?[A-Z0-9]?(\.[A-Z0-9]{1,4})?")
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_PLACE = re.compile(r"\d{2}")
_NONE_LEFT = "too_short"
_MOST_REASONS = 10
_SAYS = {
    "missing": "this is missing",
    "extra_forbidden": "there is no part of this name; docs/edits.md lists them",
    "tuple_type": 'write a list in brackets, such as ["one", "two"]; each rule begins with [[rule]]',
    "string_type": 'write the value in quotes, such as "99213"',
    "string_pattern_mismatch": "an id is the payer, a slash and a name, in small letters, digits and hyphens",
    "date_from_datetime_parsing": "write the day without quotes, such as 2026-01-31",
    "date_parsing": "write the day without quotes, such as 2026-01-31",
    "greater_than_equal": "a number is 0 or more",
}


def _read_services(text: str) -> str:
    first, _, last = _capitals(text).partition("-")
    ends = [first, last] if last else [first]
    if not all(map(_SERVICE.fullmatch, ends)):
        raise ValueError('a service is a code of five characters, or a range such as "99202-99215"')
    if last and last < first:
        raise ValueError("the range ends before it begins")
    return "-".join(ends)


def _read_diagnoses(text: str) -> str:
    first, last = read_range(_capitals(text))
    if not (_DIAGNOSIS.fullmatch(first) and _DIAGNOSIS.fullmatch(last)):
        raise ValueError('a diagnosis is a code or its beginning, such as "E11", or a range such as "E10-E11"')
    if last < first:
        raise ValueError("the range ends before it begins")
    return first if first == last else f"{first}-{last}"


def _match(form: re.Pattern[str], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not form.fullmatch(_capitals(text)):
            raise ValueError(what)
        return _capitals(text)

    return read


def _capitals(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


ServiceCodesText = Annotated[str, AfterValidator(_read_services)]
DiagnosesText = Annotated[str, AfterValidator(_read_diagnoses)]
ModifierText = Annotated[str, AfterValidator(_match(_MODIFIER, "a modifier is two letters or digits"))]
PlaceText = Annotated[str, AfterValidator(_match(_PLACE, 'a place is two digits, such as "02"'))]
Count = NonNegativeInt


# The file as TOML gives it: whatever stands there.
def explain_refusals(errors: Sequence[ErrorDetails], file: dict[str, Any]) -> str:
    """Say which rules are refused, where in them, and what to write there."""
    # That none is left of the rules says nothing beside why each was refused.
    telling = [each for each in errors if each["type"] != _NONE_LEFT] or errors
    return "; ".join(_explain(each, file) for each in telling[:_MOST_REASONS])


def _explain(error: ErrorDetails, file: dict[str, Any]) -> str:
    says = _SAYS.get(error["type"], error["msg"].removeprefix("Value error, "))
    place = [part for part in error["loc"] if part != "rule"]
    number = place[0] if place and isinstance(place[0], int) else None
    path = ".".join(str(part) for part in (place if number is None else place[1:]))
    rules = file.get("rule")
    if number is None:
        return f"{path}: {says}" if path else (says if rules else "the file has no [[rule]]")
    rule = rules[number] if isinstance(rules, list) else {}
    named = f" ({rule['id']})" if isinstance(rule, dict) and isinstance(rule.get("id"), str) else ""
    return f"rule {number + 1}{named}{', ' + path if path else ''}: {says}"

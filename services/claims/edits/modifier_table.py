"""The table of modifiers, read once; pure."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

_TABLE = tomllib.loads((files("services.claims.edits") / "modifiers.toml").read_text(encoding="utf-8"))

BYPASS = frozenset(_TABLE["bypass"])
DISTINCT = frozenset(_TABLE["distinct"])
LIABILITY = frozenset(_TABLE["liability"])
VISIT_ONLY = frozenset(_TABLE["visit_only"])
TELEHEALTH = frozenset(_TABLE["telehealth"])
CONTRADICTORY = tuple(frozenset(pair) for pair in _TABLE["contradictory"])


@dataclass(frozen=True, slots=True)
class NumberRange:
    """An inclusive range of five-digit codes."""

    first: int
    last: int


_VISITS = tuple(NumberRange(*map(int, text.split("-"))) for text in _TABLE["visits"])


def is_visit(number: int) -> bool:
    """Whether a code's number is an evaluation and management service."""
    return any(visits.first <= number <= visits.last for visits in _VISITS)

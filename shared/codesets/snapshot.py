"""The compact form of a release that services hold in memory, kept as a file so that a start needs no database read.

Invariant: a snapshot is named by what it was made of; a release never changes, so a snapshot is never stale.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from shared.codesets.book import Line
from shared.codesets.cache import hash_content, load_or_build

_FORMAT = "1"


def load_lines(key: str, build: Callable[[], Mapping[str, Line]]) -> dict[str, Line]:
    """The lines by code of the release that `key` names, from its snapshot or, the first time, from `build`."""
    stored = load_or_build("codes", hash_content(_FORMAT.encode(), key.encode()), lambda: _store(build()))
    return {code: _line(*fields) for code, *fields in stored}


def find_lines(key: str) -> dict[str, Line] | None:
    """The lines of the release that `key` names, when there is a snapshot of it."""
    try:
        return load_lines(key, _refuse_building)
    except LookupError:
        return None


def _refuse_building() -> Mapping[str, Line]:
    raise LookupError


def _store(lines: Mapping[str, Line]) -> list[list[Any]]:  # Any: JSON
    return [
        [code, line.title, line.billable, _text(line.starts), _text(line.ends), list(line.terms)]
        for code, line in lines.items()
    ]


def _line(title: str, billable: bool, starts: str | None, ends: str | None, terms: list[str]) -> Line:
    return Line(title, billable, _day(starts), _day(ends), terms)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None

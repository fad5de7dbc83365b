"""Codes by date, in memory: what the engine, the edits and the queue API look up.

Place in the flow: `library` fills it from the loaded releases and from what comes with Chartline. Invariant: every
question takes a date; a release answers from its effective day until the next one of its system takes over.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from shared.codesets.icd10cm import dot_code
from shared.codesets.icd10cm_validity import Validity, find_invalid, fiscal_year, load_validity
from shared.codesets.kinds import System

EVER = date.min
_DIAGNOSES = System.ICD10CM


class Line(NamedTuple):
    """What a release says of a code. `terms` are further words for it."""

    title: str
    billable: bool = True
    starts: date | None = None
    ends: date | None = None
    terms: Sequence[str] = ()

    def holds(self, on: date) -> bool:
        """Whether it may be reported for a service on this day."""
        return self.billable and (self.starts is None or self.starts <= on) and (self.ends is None or on <= self.ends)


@dataclass(frozen=True)
class Shelf:
    """One release of a system. `packaged` is what comes with Chartline; `key` tells it apart from all others."""

    key: str
    system: System
    release: str
    effective: date
    lines: Mapping[str, Line]
    packaged: bool = False

    @property
    def fiscal_year(self) -> int:
        """The year of ICD-10-CM that the release is of."""
        return fiscal_year(self.effective)


class Answer(NamedTuple):
    """What is known of a code on a date. `display` is empty for a code that is valid but that no release here names."""

    system: System
    code: str
    display: str
    valid: bool
    release: str


class CodeBook:
    """All shelves. Building one is cheap; a look-up takes a few microseconds at most."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        # A loaded release goes before a packaged one of the same day.
        ordered = sorted(shelves, key=lambda each: (each.effective, not each.packaged))
        rows = {system: [shelf for shelf in ordered if shelf.system is system] for system in System}
        self._rows = {system: ([shelf.effective for shelf in row], row) for system, row in rows.items() if row}
        self._editors: dict[str, Validity] = {}

    def shelf(self, system: System, on: date) -> Shelf | None:
        """The release in force, or the earliest one for a day before it."""
        row = self._rows.get(system)
        return row[1][max(bisect_right(row[0], on) - 1, 0)] if row else None

    def shelves(self, on: date) -> list[Shelf]:
        """The releases in force, one a system."""
        return [shelf for system in System if (shelf := self.shelf(system, on))]

    def look_up(self, system: System, code: str, on: date) -> Answer | None:
        """What `code` means on `on` and whether it may be reported; None when the release in force does not name it."""
        shelf = self.shelf(system, on)
        line = shelf.lines.get(code) if shelf else None
        if shelf is None or line is None:
            return None
        # A file of ICD-10-CM answers for its own fiscal year; for others the Medicare Code Editor does.
        asks_editor = shelf.system is _DIAGNOSES and (shelf.packaged or shelf.fiscal_year != fiscal_year(on))
        valid = self._editor_of(shelf).is_valid(code, on) if asks_editor else line.holds(on)
        return Answer(system, code, line.title, valid, shelf.release)

    def look_up_unnamed(self, system: System, code: str, on: date) -> Answer | None:
        """A diagnosis that no release here names but the Medicare Code Editor knows, such as one of a later year."""
        if system is not System.ICD10CM or code != dot_code(code) or find_invalid([code], fiscal_year(on)):
            return None
        return Answer(system, code, "", True, f"FY{fiscal_year(on)}")

    def is_valid(self, system: System, code: str, on: date) -> bool:
        """Whether `code` may be reported for a service on `on`."""
        answer = self.look_up(system, code, on)
        return answer is not None and answer.valid

    def list_turns(self, system: System, code: str, since: date, until: date) -> list[date]:
        """The days from `since` to `until` on which what is said of `code` may change."""
        days, shelves = self._rows.get(system, ([], []))
        ends = (line.ends for shelf in shelves if (line := shelf.lines.get(code)))
        turns = {*days, *(last + timedelta(days=1) for last in ends if last and last < date.max)}
        if system is _DIAGNOSES:
            turns |= {date(year, 10, 1) for year in range(since.year, until.year + 1)}
        return sorted(day for day in turns if since <= day <= until)

    def list_below(self, system: System, stem: str, on: date) -> list[str]:
        """The codes that begin with `stem` in the release in force."""
        shelf = self.shelf(system, on)
        return sorted(code for code in shelf.lines if code.startswith(stem)) if shelf else []

    def _editor_of(self, shelf: Shelf) -> Validity:
        editor = self._editors.get(shelf.key)
        if editor is None:
            editor = self._editors[shelf.key] = load_validity(shelf.key, list(shelf.lines))
        return editor

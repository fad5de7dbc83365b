"""The reference data that edits check against, passed in from outside; pure.

Place in the flow: whoever scrubs fills a `ReferenceData` once and hands it to every claim. Invariant: an edit whose
table is absent finds nothing; every row carries the days on which it holds, and is chosen by date of service.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Protocol, TypeVar

from shared.codesets.icd10cm import dot_code


class Fault(Enum):
    """Why a diagnosis code cannot be billed."""

    NOT_SPECIFIC = "it is divided further"
    LACKS_SEVENTH = "it lacks its 7th character"
    NOT_IN_FORCE = "it is not in force"


class DiagnosisBook(Protocol):
    """What the Tabular List says. Codes are dotted; a code that the release does not have, has no properties."""

    def find_fault(self, code: str) -> Fault:
        """Why `code`, which is not in force, is not."""

    def excludes(self, code: str, other: str) -> "Exclusion | None":
        """Whether an Excludes1 note at or above one of the codes names the other."""

    def comes_after(self, code: str, other: str) -> bool:
        """Whether a 'code first' note at or above `code` names `other`."""

    def side_of(self, code: str) -> str:
        """'right', 'left', 'bilateral', or '' for a code whose title names no side."""

    def has_sided_sibling(self, code: str) -> bool:
        """Whether `code` leaves the side open where codes beside it name one."""


class Exclusion(Enum):
    """Where an Excludes1 note stands."""

    CODE = "at the code or its category"
    CHAPTER = "at its block or chapter"


@dataclass(frozen=True, slots=True)
class Stay:
    """What the Medicare Code Editor looks at. Codes have no dots; diagnoses are (code, present on admission)."""

    discharged: date
    age: int
    gender: str
    discharge_status: str
    diagnoses: tuple[tuple[str, str], ...]
    procedures: tuple[str, ...]


class CodeEditor(Protocol):
    """The Medicare Code Editor. None is its answer for a day that it does not know."""

    def edit_stay(self, stay: Stay) -> frozenset[str] | None:
        """The names of the editor's edits that the stay sets off."""

    def objections_to(self, code: str, on: date) -> frozenset[str] | None:
        """The names of the edits that a dotted ICD-10-CM `code` sets off as the only diagnosis of an adult."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The first and last day on which a row holds."""

    starts: date
    ends: date

    def holds_on(self, day: date) -> bool:
        """Whether the row holds on `day`; both ends count."""
        return self.starts <= day <= self.ends


@dataclass(frozen=True, slots=True)
class Pair(Dated):
    """An NCCI procedure-to-procedure edit; `modifier` is its indicator: 0 never, 1 with a modifier, 9 not applied."""

    modifier: str


@dataclass(frozen=True, slots=True)
class UnitLimit(Dated):
    """A medically unlikely edit; `indicator` is 1 by line, 2 by day and absolute, 3 by day and appealable."""

    units: Decimal
    indicator: str


@dataclass(frozen=True, slots=True)
class CoverageRule(Dated):
    """The diagnoses that support a service, as inclusive ranges of code prefixes; `payer` '' is every payer."""

    payer: str
    diagnoses: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """Everything that edits look up. Pairs are keyed by (column 1, column 2), the others by service code."""

    diagnoses: DiagnosisBook | None = None
    editor: CodeEditor | None = None
    pairs: Mapping[tuple[str, str], Sequence[Pair]] = field(default_factory=dict)
    unit_limits: Mapping[str, Sequence[UnitLimit]] = field(default_factory=dict)
    coverage: Mapping[str, Sequence[CoverageRule]] = field(default_factory=dict)


class ReferenceRow(Protocol):
    """A row of an official file as `shared.codesets` reads it; `facts` differ by kind of file."""

    @property
    def code(self) -> str:
        """The code that the row is about."""

    @property
    def starts(self) -> date | None:
        """The first day on which it holds; None is always."""

    @property
    def ends(self) -> date | None:
        """The last day on which it holds; None is open."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What it says."""


Key = TypeVar("Key")
Row = TypeVar("Row")


def index_pairs(rows: Iterable[ReferenceRow]) -> dict[tuple[str, str], tuple[Pair, ...]]:
    """Index rows with facts `other` (column 2) and `modifier` (the indicator)."""
    return _group(((row.code, str(row.facts["other"])), Pair(*_days(row), str(row.facts["modifier"]))) for row in rows)


def index_unit_limits(rows: Iterable[ReferenceRow]) -> dict[str, tuple[UnitLimit, ...]]:
    """Index rows with facts `units` and `indicator`."""
    return _group(
        (row.code, UnitLimit(*_days(row), Decimal(str(row.facts["units"])), str(row.facts["indicator"])))
        for row in rows
    )


def index_coverage(rows: Iterable[ReferenceRow]) -> dict[str, tuple[CoverageRule, ...]]:
    """Index rows with facts `diagnoses`, a list of codes and ranges such as "E10-E11", and `payer`."""
    return _group((row.code, _read_coverage(row)) for row in rows)


def read_range(text: str) -> tuple[str, str]:
    """An inclusive range of prefixes of dotted codes: "E10-E11" is ("E10", "E11"), "I10" is ("I10", "I10")."""
    first, _, last = text.partition("-")
    return dot_code(first), dot_code(last or first)


def _read_coverage(row: ReferenceRow) -> CoverageRule:
    named = row.facts["diagnoses"]
    texts = [str(each) for each in named] if isinstance(named, Iterable) else []
    return CoverageRule(*_days(row), str(row.facts.get("payer", "")), tuple(read_range(text) for text in texts))


def _days(row: ReferenceRow) -> tuple[date, date]:
    return row.starts or date.min, row.ends or date.max


def _group(keyed: Iterable[tuple[Key, Row]]) -> dict[Key, tuple[Row, ...]]:
    groups: dict[Key, list[Row]] = defaultdict(list)
    for key, row in keyed:
        groups[key].append(row)
    return {key: tuple(rows) for key, rows in groups.items()}

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
from functools import lru_cache
from typing import Protocol, TypeVar

from services.claims.edits.price_list import PriceList
from services.claims.edits.rows import Dated, ReferenceRow, read_days
from services.claims.edits.service_book import ServiceBook
from shared.codesets.icd10cm import dot_code
from shared.codesets.pair_table import PairRow, PairTable, pack_pairs
from shared.codesets.periods import Period

_PAIRS_KEPT = 32_768
"""Pairs times days that are worked on at one time."""


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


class PairBook:
    """NCCI procedure-to-procedure edits of several releases, each with the days on which it is in force."""

    def __init__(self, releases: Sequence[tuple[Period, PairTable]]) -> None:
        self._releases = releases
        # The services of a hospital are few, and so are their pairs.
        self.find = lru_cache(maxsize=_PAIRS_KEPT)(self._find)

    def __bool__(self) -> bool:
        return bool(self._releases)

    def begins(self, column1: str, on: date) -> bool:
        """Whether a code is column 1 of any pair of the day's release; most are of none."""
        table = self._open(on)
        return table is not None and table.begins(column1)

    def _find(self, column1: str, column2: str, on: date) -> str | None:
        """The modifier indicator of a pair on a day: 0 never, 1 with a modifier, 9 not applied; None for no pair."""
        table = self._open(on)
        rows = table.find(column1, column2) if table else ()
        return next((row.modifier for row in rows if row.starts <= on <= row.ends), None)

    def _open(self, day: date) -> PairTable | None:
        for (starts, ends), table in self._releases:
            if starts <= day <= ends:
                return table
        return None


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
    """Everything that edits look up; unit limits and coverage by service code.

    Pairs and unit limits are those for practitioners, and beside them those for outpatients of hospitals.
    `releases` names what is loaded, by kind a hash of the files, for the record of what a claim was held to.
    """

    diagnoses: DiagnosisBook | None = None
    editor: CodeEditor | None = None
    pairs: PairBook = field(default_factory=lambda: PairBook(()))
    unit_limits: Mapping[str, Sequence[UnitLimit]] = field(default_factory=dict)
    outpatient_pairs: PairBook = field(default_factory=lambda: PairBook(()))
    outpatient_unit_limits: Mapping[str, Sequence[UnitLimit]] = field(default_factory=dict)
    coverage: Mapping[str, Sequence[CoverageRule]] = field(default_factory=dict)
    prices: PriceList = field(default_factory=PriceList)
    services: ServiceBook = field(default_factory=ServiceBook)
    releases: Mapping[str, str] = field(default_factory=dict)


Key = TypeVar("Key")
Row = TypeVar("Row")


def index_pairs(rows: Iterable[ReferenceRow]) -> PairBook:
    """Index rows with facts `other` (column 2) and `modifier` (the indicator), as of one release for all days."""
    pairs = (PairRow(row.code, str(row.facts["other"]), *read_days(row), str(row.facts["modifier"])) for row in rows)
    return PairBook([(Period(date.min, date.max), PairTable(pack_pairs(sorted(pairs))))])


def index_unit_limits(rows: Iterable[ReferenceRow]) -> dict[str, tuple[UnitLimit, ...]]:
    """Index rows with facts `units` and `indicator`."""
    return _group(
        (row.code, UnitLimit(*read_days(row), Decimal(str(row.facts["units"])), str(row.facts["indicator"])))
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
    return CoverageRule(*read_days(row), str(row.facts.get("payer", "")), tuple(read_range(text) for text in texts))


def _group(keyed: Iterable[tuple[Key, Row]]) -> dict[Key, tuple[Row, ...]]:
    groups: dict[Key, list[Row]] = defaultdict(list)
    for key, row in keyed:
        groups[key].append(row)
    return {key: tuple(rows) for key, rows in groups.items()}

"""Medicare's NCCI pairs of procedures that are not paid together; a release has millions, and is never held in memory.

Source: the files of the National Correct Coding Initiative for practitioners and for outpatient hospitals, quarterly:
Latin-1, tab-delimited, two notices, a heading over four lines, then seven fields; a release comes in parts, f1 to f4.
Invariant: every line was read and checked before the first entry is given; the entries are then read once more.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from sys import intern
from typing import NamedTuple

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile, read_day
from shared.codesets.readers.ncci import name_release
from shared.codesets.text_file import TextFile, read_from_memory

_ROW = re.compile(
    r"(?P<one>[0-9A-Z]\d{3}[0-9A-Z])[ ]*\t[ ]*(?P<two>[0-9A-Z]\d{3}[0-9A-Z])[ ]*\t[^\t]*\t"
    r"[ ]*(?P<effective>[^\t]*)\t(?P<deleted>[^\t]*)\t[ ]*(?P<modifier>[^\t ]*)[ ]*\t(?P<rationale>[^\t]*)"
)
_HEADING_LINES = 6
_PRACTITIONER, _OUTPATIENT = "ccipra", "ccioph"
"""How CMS names the files."""
_PART = re.compile(r"-f(\d+)\b", re.IGNORECASE)


class Pair(NamedTuple):
    """One line: column 1, which is paid, column 2, the days on which it holds, and the modifier's indicator."""

    column1: str
    column2: str
    starts: date
    ends: date | None
    modifier: str
    rationale: str


@dataclass(frozen=True, slots=True)
class PairEntries:
    """The entries of a release: counted, and read from its files each time that they are asked for."""

    parts: tuple[TextFile, ...]
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Entry]:
        for part in self.parts:
            for pair in _read_part(part):
                facts = {"other": pair.column2, "modifier": pair.modifier, "rationale": pair.rationale}
                yield Entry(pair.column1, "", pair.starts, pair.ends, facts)


def read_pairs(source: SourceFile) -> Reading:
    """Practitioner pairs: `code` is column 1, which is paid; `other` is column 2; `modifier` 0, 1 or 9."""
    return read_pair_parts([read_from_memory(source)])


def read_outpatient_pairs(source: SourceFile) -> Reading:
    """The same for outpatient hospital services."""
    return read_outpatient_pair_parts([read_from_memory(source)])


def read_pair_parts(parts: Sequence[TextFile]) -> Reading:
    """The parts of one release of practitioner pairs, f1 to the last, in any order; raises FileRefused."""
    return _read_release(parts, _OUTPATIENT)


def read_outpatient_pair_parts(parts: Sequence[TextFile]) -> Reading:
    """The same for outpatient hospital services."""
    return _read_release(parts, _PRACTITIONER)


def _read_release(parts: Sequence[TextFile], another: str) -> Reading:
    ordered = tuple(sorted(parts, key=lambda part: _number_of(part.name)))
    for part in ordered:
        if part.name.lower().startswith(another):
            raise FileRefused(f"the file's name begins with {another}, which is the other kind of NCCI pairs", line=1)
    is_whole = not any(part.excerpt for part in ordered)
    if is_whole:
        _require_parts(ordered)
    codes: set[str] = set()
    last, count = "", 0
    for part in ordered:
        for pair in _read_part(part):
            last, count = pair.column1, count + 1
            codes.add(last)
    # The last part ends with HCPCS Level II codes in column 1, which begin with a letter: a part less is noticed.
    if is_whole and not last[0].isalpha():
        raise FileRefused(
            "column 1 stops before the codes of HCPCS Level II: parts of the release are missing, or it is truncated",
            line=sum(1 for _ in ordered[-1].lines()),
        )
    counts = {"codes": len(codes), "pairs": count}
    return Reading(name_release(ordered[0].name), PairEntries(ordered, count), counts)


def _require_parts(ordered: Sequence[TextFile]) -> None:
    if len({name_release(part.name) for part in ordered}) > 1:
        raise FileRefused("the parts are of different releases")
    numbers = [_number_of(part.name) for part in ordered]
    if len(numbers) > 1 and numbers != list(range(1, len(numbers) + 1)):
        raise FileRefused(f"these are the parts {numbers}: give each part of the release once, from f1 to the last")


def _number_of(name: str) -> int:
    found = _PART.search(name)
    return int(found[1]) if found else 0


def _read_part(part: TextFile) -> Iterator[Pair]:
    """The pairs of one file, each checked; raises FileRefused for a file without any."""
    is_headed, number = False, 0
    for number, line in enumerate(part.lines(), start=1):
        if number > _HEADING_LINES:
            yield _read_pair(line, number)
        else:
            is_headed = is_headed or "Column1/Column2" in line
        if number == _HEADING_LINES // 2 and not is_headed:
            raise FileRefused("the heading Column1/Column2 Edits is missing", line=2)
    if number <= _HEADING_LINES:
        raise FileRefused("there are no edits below the heading", line=number)


def _read_pair(line: str, number: int) -> Pair:
    row = _ROW.fullmatch(line)
    if row is None:
        raise FileRefused("not the seven fields of an edit", line=number)
    one, two, effective, deleted, modifier, rationale = row.groups()
    if modifier not in {"0", "1", "9"}:
        raise FileRefused("the modifier indicator is not 0, 1 or 9", line=number)
    try:
        starts, ends = _day(effective), _day(deleted.replace("*", ""))
    except FileRefused:
        raise FileRefused("a date does not have the form %Y%m%d", line=number) from None
    if starts is None:
        raise FileRefused("the effective date is missing", line=number)
    return Pair(one, two, starts, ends, modifier, intern(rationale.strip()))


@cache
def _day(text: str) -> date | None:
    return read_day(text, line=0)

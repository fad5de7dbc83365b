"""Medicare's NCCI edits: pairs of procedures that are not paid together, and most units of a code a day.

Source: the files of the National Correct Coding Initiative for practitioners and for outpatient hospitals, quarterly.
Pairs: Latin-1, tab-delimited, two notices, a heading over four lines, then seven fields; a release comes in parts, f1
to f4. Units: CSV with a notice, a heading and four fields. Invariant: every edit carries the days on which it holds,
because edits are chosen by date of service.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from sys import intern

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile, read_day
from shared.codesets.readers.table import read_table

_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_PAIR_FIELDS, _HEADING_LINES = 7, 6
_UNITS_COLUMNS = {
    "hcpcs/ cpt code": "code",
    "hcpcs/cpt code": "code",
    "mue adjudication indicator": "indicator",
    "mue rationale": "rationale",
}
_INDICATORS = frozenset("123")
_PRACTITIONER, _OUTPATIENT = "ccipra", "ccioph"
"""How CMS names the files of pairs."""
_PART = re.compile(r"-f(\d+)\b", re.IGNORECASE)
_RELEASE = re.compile(r"v\d{3}r\d|\d{2}-\d{2}-\d{4}")


def read_pairs(source: SourceFile) -> Reading:
    """Practitioner pairs: `code` is column 1, which is paid; `other` is column 2; `modifier` 0, 1 or 9."""
    return _read_pairs(source, _OUTPATIENT)


def read_outpatient_pairs(source: SourceFile) -> Reading:
    """The same for outpatient hospital services."""
    return _read_pairs(source, _PRACTITIONER)


def _read_pairs(source: SourceFile, another: str) -> Reading:
    if source.name.lower().startswith(another):
        raise FileRefused(f"the file's name begins with {another}, which is the other kind of NCCI pairs", line=1)
    lines = source.lines()
    if not any("Column1/Column2" in line for line in lines[:3]):
        raise FileRefused("the heading Column1/Column2 Edits is missing", line=2)
    rows = enumerate(lines[_HEADING_LINES:], start=_HEADING_LINES + 1)
    entries = [_read_pair(line, number) for number, line in rows]
    if not entries:
        raise FileRefused("there are no edits below the heading", line=len(lines))
    return _count_pairs(_release(source.name), entries)


def _count_pairs(release: str, entries: Sequence[Entry]) -> Reading:
    return Reading(release, entries, {"codes": len({entry.code for entry in entries}), "pairs": len(entries)})


def join_pairs(parts: Sequence[tuple[str, Reading]]) -> Reading:
    """The parts of one release by their file names, f1 to the last, in any order; raises FileRefused.

    The last part ends with HCPCS Level II codes in column 1, which begin with a letter: a part less is noticed.
    """
    named = sorted(parts, key=lambda part: _part_of(part[0]))
    if len({reading.release for _, reading in named}) > 1:
        raise FileRefused("the parts are of different releases")
    numbers = [_part_of(name) for name, _ in named]
    if len(named) > 1 and numbers != list(range(1, len(named) + 1)):
        raise FileRefused(f"these are the parts {numbers}: give each part of the release once, from f1 to the last")
    entries = [entry for _, reading in named for entry in reading.entries]
    if not entries[-1].code[0].isalpha():
        raise FileRefused(
            "column 1 stops before the codes of HCPCS Level II: parts of the release are missing, or it is truncated",
            line=len(named[-1][1].entries) + _HEADING_LINES,
        )
    return _count_pairs(named[0][1].release, entries)


def _part_of(name: str) -> int:
    found = _PART.search(name)
    return int(found[1]) if found else 0


def _read_pair(line: str, number: int) -> Entry:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != _PAIR_FIELDS or not all(_CODE.fullmatch(cell) for cell in cells[:2]):
        raise FileRefused("not the seven fields of an edit", line=number)
    code, other, _, effective, deleted, modifier, rationale = cells
    if modifier not in {"0", "1", "9"}:
        raise FileRefused("the modifier indicator is not 0, 1 or 9", line=number)
    starts, ends = _read_days(effective, deleted, number)
    if starts is None:
        raise FileRefused("the effective date is missing", line=number)
    # Millions of rows share a few thousand texts.
    facts = {"other": intern(other), "modifier": intern(modifier), "rationale": intern(rationale)}
    return Entry(intern(code), "", starts, ends, facts)


def _read_days(effective: str, deleted: str, number: int) -> tuple[date | None, date | None]:
    try:
        return _day(effective), _day(deleted.replace("*", ""))
    except FileRefused:
        raise FileRefused("a date does not have the form %Y%m%d", line=number) from None


@cache
def _day(text: str) -> date | None:
    return read_day(text, line=0)


def read_units(source: SourceFile) -> Reading:
    """Practitioner unit limits: `units` is the most of a code; `indicator` 1 a line, 2 a day, 3 a day, appealable."""
    return _read_units(source, "practitioner services mue values")


def read_outpatient_units(source: SourceFile) -> Reading:
    """The same for outpatient hospital services."""
    return _read_units(source, "outpatient hospital services mue values")


def _read_units(source: SourceFile, values: str) -> Reading:
    columns = {**_UNITS_COLUMNS, values: "units"}
    entries = []
    for row in read_table(source, columns, ("code", "units", "indicator"), encoding="latin-1"):
        if not _CODE.fullmatch(row["code"]) or not row["units"].isdigit() or row["indicator"][0] not in _INDICATORS:
            raise FileRefused("not a code, a number of units and an indicator 1, 2 or 3", line=row.line)
        facts: dict[str, Fact] = {
            "units": int(row["units"]),
            "indicator": row["indicator"][0],
            "rationale": row["rationale"],
        }
        entries.append(Entry(row["code"], facts=facts))
    if not entries:
        raise FileRefused("there are no edits below the heading")
    return Reading(_release(source.name), entries, {"codes": len(entries)})


def _release(name: str) -> str:
    found = _RELEASE.search(name)
    return found[0] if found else ""

"""Medicare's NCCI edits: pairs of procedures that are not paid together, and most units of a code a day.

Source: the practitioner files of the National Correct Coding Initiative, quarterly. Pairs: Latin-1, tab-delimited, two
notices, a heading over four lines, then seven fields. Units: CSV with a notice, a heading and four fields. Invariant:
every edit carries the days on which it holds, because edits are chosen by date of service.
"""

import re

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile, read_day
from shared.codesets.readers.table import read_table

_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_PAIR_FIELDS, _HEADING_LINES = 7, 6
_UNITS_COLUMNS = {
    "hcpcs/ cpt code": "code",
    "hcpcs/cpt code": "code",
    "practitioner services mue values": "units",
    "mue adjudication indicator": "indicator",
    "mue rationale": "rationale",
}
_INDICATORS = frozenset("123")
_RELEASE = re.compile(r"v\d{3}r\d|\d{2}-\d{2}-\d{4}")


def read_pairs(source: SourceFile) -> Reading:
    """Procedure-to-procedure edits: `code` is column 1, which is paid; `other` is column 2; `modifier` 0, 1 or 9."""
    lines = source.lines()
    if not any("Column1/Column2" in line for line in lines[:3]):
        raise FileRefused("the heading Column1/Column2 Edits is missing", line=2)
    rows = enumerate(lines[_HEADING_LINES:], start=_HEADING_LINES + 1)
    entries = [_read_pair(line, number) for number, line in rows]
    if not entries:
        raise FileRefused("there are no edits below the heading", line=len(lines))
    return Reading(_release(source.name), entries, {"codes": len({e.code for e in entries}), "pairs": len(entries)})


def _read_pair(line: str, number: int) -> Entry:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != _PAIR_FIELDS or not all(_CODE.fullmatch(cell) for cell in cells[:2]):
        raise FileRefused("not the seven fields of an edit", line=number)
    code, other, _, effective, deleted, modifier, rationale = cells
    if modifier not in {"0", "1", "9"}:
        raise FileRefused("the modifier indicator is not 0, 1 or 9", line=number)
    starts, ends = read_day(effective, number), read_day(deleted.replace("*", ""), number)
    if starts is None:
        raise FileRefused("the effective date is missing", line=number)
    return Entry(code, "", starts, ends, {"other": other, "modifier": modifier, "rationale": rationale})


def read_units(source: SourceFile) -> Reading:
    """Medically unlikely edits: `units` is the most of a code; `indicator` 1 a line, 2 a day, 3 a day, appealable."""
    entries = []
    for row in read_table(source, _UNITS_COLUMNS, ("code", "units", "indicator"), encoding="latin-1"):
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

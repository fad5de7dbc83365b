"""HCPCS Level II: the fixed-width record file, and the same content as CSV or XLSX.

Source: the record layout that CMS publishes with each release. Positions from 1: code 1-5, record id 11 (3 procedure,
4 its continuation, 7 modifier, 8 its continuation), long description 12-91, short 92-119, coverage 230, code added
269-276, action effective 277-284, terminated 285-292, action 293. Invariant: a continuation follows its own code.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile, read_day, require_last
from shared.codesets.readers.sheet import is_sheet
from shared.codesets.readers.table import Row, read_table

_CODE = re.compile(r"[A-Z]\d{4}|[A-Z][0-9A-Z]")
_BEGINS, _CONTINUES = frozenset("37"), frozenset("48")
_WIDTH = 293
_COLUMNS = {
    "hcpc": "code",
    "code": "code",
    "seqnum": "sequence",
    "recid": "record",
    "long description": "long",
    "long_description": "long",
    "short description": "short",
    "cov": "coverage",
    "betos": "betos",
    "add dt": "added",
    "act eff dt": "effective",
    "term dt": "terminated",
    "action cd": "action",
}


def read_hcpcs(source: SourceFile) -> Reading:
    """Codes and modifiers, continuation records joined; `counts` splits `codes` into `procedures` and `modifiers`."""
    if is_sheet(source.content) or source.name.lower().endswith((".csv", ".xlsx")):
        records = _merge_rows(read_table(source, _COLUMNS, ("code", "record", "long"), encoding="latin-1"))
    else:
        records = _read_fixed(source)
    entries = [_make_entry(line, cells) for line, cells in records]
    require_last(entries, "V", source)
    _refuse_repetition(records)
    kinds = Counter("modifiers" if entry.facts["modifier"] else "procedures" for entry in entries)
    year = re.search(r"20\d\d", source.name)
    counts = {"codes": len(entries), "procedures": kinds["procedures"], "modifiers": kinds["modifiers"]}
    return Reading(year[0] if year else "", entries, counts)


def _read_fixed(source: SourceFile) -> list[tuple[int, dict[str, str]]]:
    records: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(source.lines(), start=1):
        code, kind = line[:5].strip(), line[10:11]
        is_record = bool(_CODE.fullmatch(code)) and line[5:10].isdigit()
        if not records and not is_record:
            continue  # The disclaimer before the first record.
        if is_record and kind in _BEGINS and len(line.rstrip()) == _WIDTH:
            records.append((number, _cut(line)))
        elif is_record and kind in _CONTINUES and records and records[-1][1]["code"] == code:
            _continue(records[-1][1], line[11:91])
        else:
            raise FileRefused("not a record of the HCPCS layout, or one that is cut off", line=number)
    if not records:
        raise FileRefused("no record of the HCPCS layout in the file", line=1)
    return records


def _cut(line: str) -> dict[str, str]:
    return {
        "code": line[:5].strip(),
        "record": line[10],
        "long": line[11:91].strip(),
        "short": line[91:119].strip(),
        "coverage": line[229].strip(),
        "betos": line[256:259].strip(),
        "added": line[268:276],
        "terminated": line[284:292],
        "action": line[292],
    }


def _merge_rows(rows: Sequence[Row]) -> list[tuple[int, dict[str, str]]]:
    records: list[tuple[int, dict[str, str]]] = []
    for row in rows:
        if row["record"] in _CONTINUES and records and records[-1][1]["code"] == row["code"]:
            _continue(records[-1][1], row["long"])
        elif row["record"] in _BEGINS and _CODE.fullmatch(row["code"]):
            records.append((row.line, dict(row.cells)))
        else:
            raise FileRefused("not a row of the HCPCS layout", line=row.line)
    return records


def _continue(record: dict[str, str], text: str) -> None:
    record["long"] = f"{record['long']} {text.strip()}"


def _make_entry(line: int, cells: Mapping[str, str]) -> Entry:
    facts: dict[str, Fact] = {"modifier": cells["record"] == "7"}
    facts.update({name: cells[name] for name in ("short", "coverage", "betos", "action") if cells.get(name)})
    starts, ends = read_day(cells.get("added", ""), line), read_day(cells.get("terminated", ""), line)
    return Entry(cells["code"], cells["long"], starts, ends, facts)


def _refuse_repetition(records: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    seen: set[str] = set()
    for line, cells in records:
        if cells["code"] in seen:
            raise FileRefused("the code stands in the file twice", line=line)
        seen.add(cells["code"])

"""Medicare's medically unlikely edits: the most units of a code that are paid a line or a day.

Source: the MUE tables of the National Correct Coding Initiative for practitioners and for outpatient hospitals,
quarterly: CSV with a notice, a heading and four fields. Invariant: an edit is of its release's days, because edits are
chosen by date of service.
"""

import re

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile
from shared.codesets.readers.table import read_table

_CODE = re.compile(r"[0-9A-Z]\d{3}[0-9A-Z]")
_COLUMNS = {
    "hcpcs/ cpt code": "code",
    "hcpcs/cpt code": "code",
    "mue adjudication indicator": "indicator",
    "mue rationale": "rationale",
}
_INDICATORS = frozenset("123")
_RELEASE = re.compile(r"v\d{3}r\d|\d{2}-\d{2}-\d{4}")


def read_units(source: SourceFile) -> Reading:
    """Practitioner unit limits: `units` is the most of a code; `indicator` 1 a line, 2 a day, 3 a day, appealable."""
    return _read_units(source, "practitioner services mue values")


def read_outpatient_units(source: SourceFile) -> Reading:
    """The same for outpatient hospital services."""
    return _read_units(source, "outpatient hospital services mue values")


def _read_units(source: SourceFile, values: str) -> Reading:
    columns = {**_COLUMNS, values: "units"}
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
        raise FileRefused("there are no edits below the heading", line=source.content.count(b"\n"))
    return Reading(name_release(source.name), entries, {"codes": len(entries)})


def name_release(name: str) -> str:
    """The release that an NCCI file's name tells: v322r0, or the day of a table of units."""
    found = _RELEASE.search(name)
    return found[0] if found else ""

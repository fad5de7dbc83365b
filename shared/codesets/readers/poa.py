"""Diagnoses that are exempt from present-on-admission reporting.

Source: POAexemptCodesFYnn.txt of CMS, tab-delimited: order, code, description; the ReadMe in its zip states the count.
"""

import re

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile, require_last
from shared.codesets.icd10cm import dot_code

_HEADING = re.compile(r"Order\d\d\tPOAexemptCode\tDescription")
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")
_STATED = re.compile(r"exempt codes, for FY\d{4} \(([\d,]+) codes\)")


def read_poa_exempt(source: SourceFile) -> Reading:
    """The exempt codes, dotted, with their titles."""
    lines = source.lines()
    if not lines or not _HEADING.fullmatch(lines[0]):
        raise FileRefused("the heading Order, POAexemptCode, Description is missing", line=1)
    entries = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != 3 or not cells[0].isdigit() or not _CODE.fullmatch(cells[1]):
            raise FileRefused("not an order number, a code and a description", line=number)
        entries.append(Entry(dot_code(cells[1]), cells[2].strip('"')))
    require_last(entries, "Z", source)
    for content in source.companions.values():
        stated = _STATED.search(content.decode("latin-1"))
        if stated and int(stated[1].replace(",", "")) != len(entries):
            raise FileRefused(
                f"the file has {len(entries)} codes, the ReadMe beside it states {stated[1]}", line=len(lines)
            )
    year = re.search(r"FY(\d\d)", source.name)
    return Reading(f"FY20{year[1]}" if year else "", entries, {"codes": len(entries)})

"""Diagnoses that are exempt from present-on-admission reporting.

Source: POAexemptCodesFYnn.txt of CMS, tab-delimited: order, code, description. Invariant: what lies beside it in its
zip agrees with it: the count in the ReadMe, and the lists of codes added, deleted and revised since the year before.
"""

import re
from collections.abc import Mapping, Sequence

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile, require_last
from shared.codesets.icd10cm import dot_code

_HEADING = re.compile(r"Order\d\d\tPOAexemptCode\tDescription")
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")
_CHANGES = re.compile(r"POAexempt(Add|Delete|Revise)Codes")
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
    titles = {entry.code: entry.title for entry in entries}
    for name, content in source.companions.items():
        _check_changes(name, content.decode("latin-1"), titles, len(lines))
        stated = _STATED.search(content.decode("latin-1"))
        if stated and int(stated[1].replace(",", "")) != len(entries):
            raise FileRefused(
                f"the file has {len(entries)} codes, the ReadMe beside it states {stated[1]}", line=len(lines)
            )
    year = re.search(r"FY(\d\d)", source.name)
    return Reading(f"FY20{year[1]}" if year else "", entries, {"codes": len(entries)})


def _check_changes(name: str, text: str, titles: Mapping[str, str], last: int) -> None:
    """Hold a list of changes, whose columns differ from list to list, against the codes that are exempt now."""
    what = _CHANGES.search(name)
    rows = [line.split("\t") for line in text.splitlines()[1:] if line] if what else []
    told = [(dot_code(code), cells[-1].strip('"'), cells) for cells in rows if (code := _find_code(cells))]
    match what[1] if what else None:
        case "Add":
            wrong = [code for code, _, _ in told if code not in titles]
        case "Delete":
            wrong = [code for code, _, _ in told if code in titles]
        case "Revise":
            wrong = [code for code, title, cells in told if "Revise to:" in cells and titles.get(code) != title]
        case _:
            wrong = []
    if wrong:
        raise FileRefused(f"{len(wrong)} codes are not as the list {name} beside the file tells", line=last)


def _find_code(cells: Sequence[str]) -> str | None:
    return next((cell for cell in cells if _CODE.fullmatch(cell)), None)

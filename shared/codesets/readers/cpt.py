"""CPT, from the files that the American Medical Association gives its licensees; none of their text is ours to ship.

Source: the tab-delimited files of the AMA's CPT data set: a code and its descriptor a line, below a copyright notice
(LONGULT.txt, MEDU.txt, SHORTU.txt saved with tabs), or the Consolidated Code List with its heading row. Invariant: no
message repeats a descriptor.
"""

import re

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile

_CODE = re.compile(r"\d{4}[0-9AFMTU]|\d{5}")
_YEAR = re.compile(r"20\d\d")
_CODE_COLUMN, _TITLE_COLUMNS = "cpt code", ("long", "medium", "short")


def read_cpt(source: SourceFile) -> Reading:
    """Codes with the licensee's descriptors."""
    lines = [line.split("\t") for line in source.lines("cp1252")]
    heading = next((at for at, cells in enumerate(lines) if _CODE_COLUMN in _fold(cells)), None)
    begin = next((at for at, cells in enumerate(lines) if heading is None and _CODE.fullmatch(cells[0].strip())), None)
    if heading is None and begin is None:
        raise FileRefused("no line begins with a CPT code and a tab", line=1)
    code_at, title_at, first = (0, 1, begin or 0) if heading is None else _find_columns(lines[heading], heading)
    entries: dict[str, Entry] = {}
    for number, cells in enumerate(lines[first:], start=first + 1):
        if not any(cells):
            continue
        if len(cells) <= max(code_at, title_at) or not _CODE.fullmatch(cells[code_at].strip()):
            raise FileRefused("not a CPT code, a tab and its descriptor", line=number)
        if not cells[title_at].strip():
            raise FileRefused("the descriptor is empty", line=number)
        code = cells[code_at].strip()
        if code in entries:
            raise FileRefused("the code stands in the file twice", line=number)
        entries[code] = Entry(code, cells[title_at].strip())
    year = _YEAR.search(source.name)
    return Reading(year[0] if year else "", list(entries.values()), {"codes": len(entries)})


def _fold(cells: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _find_columns(cells: list[str], at: int) -> tuple[int, int, int]:
    names = _fold(cells)
    title = next((names.index(name) for name in _TITLE_COLUMNS if name in names), None)
    if title is None:
        raise FileRefused("no column Long, Medium or Short beside CPT Code", line=at + 1)
    return names.index(_CODE_COLUMN), title, at + 1

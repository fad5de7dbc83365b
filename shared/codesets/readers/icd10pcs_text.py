"""ICD-10-PCS texts beside the order file: addenda to index and definitions, and the conversion from earlier codes.

Source: index_addenda_YYYY.txt (an action in columns 6-17, a term indented by two characters a level),
definitions_addenda_YYYY.txt (a label in columns 1-12, an action in 13-24, its text from 25) and
icd10pcs_conversion_table.txt (tab-delimited, eight columns under a heading), as CMS publishes them.
"""

import re

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile

_TERM_AT = 17
_ACTIONS = frozenset({"", "add", "delete", "revise from", "revise to"})
_CODE = re.compile(r" ([0-9A-HJ-NP-Z]{3,7})$")
_CONVERSION_COLUMNS = 8
_LABELS = frozenset({"Section", "Axis", "Row", "Term", "Includes", "Definition", "Explanation"})
_LABEL_WIDTH, _TEXT_AT = 12, 24


def read_index_addenda(source: SourceFile) -> Reading:
    """An entry a changed term: `title` is the path from its main term, `code` what it points to, or empty."""
    lines = source.lines()
    if not any(line.startswith("Lttr") for line in lines):
        raise FileRefused("no line begins with Lttr: not an index addendum", line=1)
    entries: list[Entry] = []
    path: list[str] = []
    for number, line in enumerate(lines, start=1):
        term = line[_TERM_AT:].rstrip()
        if not line.strip() or line.startswith("Lttr"):
            continue
        action = line[5:_TERM_AT].strip().lower()
        if line[:5].strip() not in {"", "Main"} or action not in _ACTIONS or not term:
            raise FileRefused("not a line of an index addendum", line=number)
        depth = (len(term) - len(term.lstrip())) // 2
        code = _CODE.search(term)
        path[depth:] = [_CODE.sub("", term).strip()]
        if action:
            entries.append(Entry(code[1] if code else "", ", ".join(path), facts={"action": action}))
    year = re.search(r"20\d\d", source.name)
    return Reading(
        f"FY{year[0]}" if year else "", entries, {"codes": sum(bool(e.code) for e in entries), "terms": len(entries)}
    )


def read_definitions_addenda(source: SourceFile) -> Reading:
    """An entry a changed line: `code` is the section, `title` the term and what is told of it, `axis` its character."""
    entries: list[Entry] = []
    section = axis = term = ""
    for number, line in enumerate(source.lines(), start=1):
        if not line.strip():
            continue
        label, _, place = line[:_LABEL_WIDTH].strip().partition(" ")
        action, text = line[_LABEL_WIDTH:_TEXT_AT].strip().lower(), line[_TEXT_AT:].strip()
        if label not in _LABELS or action not in _ACTIONS or not (section or label == "Section"):
            raise FileRefused("not a line of an addendum to the definitions", line=number)
        section = place if label == "Section" else section
        axis = place if label == "Axis" else axis
        term = text if label == "Term" else term
        if action and label != "Row":
            title = term if label == "Term" else f"{term}: {text}"
            facts = {"axis": axis, "tells": label.lower(), "action": action}
            entries.append(Entry(section, title, facts=facts))
    if not entries:
        raise FileRefused("the addendum changes no definition", line=1)
    year = re.search(r"20\d\d", source.name)
    counts = {"codes": len({entry.title.partition(": ")[0] for entry in entries}), "changes": len(entries)}
    return Reading(f"FY{year[0]}" if year else "", entries, counts)


def read_conversion(source: SourceFile) -> Reading:
    """An entry a code that came after others: with its `previous` code and the year and day `effective`."""
    lines = source.lines()
    if not lines or not lines[0].startswith("Current code(s) assignment\tCode title\tEffective year"):
        raise FileRefused("the heading of the conversion table is missing", line=1)
    entries = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [cell.strip('" ') for cell in line.split("\t")]
        if len(cells) == _CONVERSION_COLUMNS - 1:
            cells.insert(6, "")  # A new code has no comment, and no empty cell in its place.
        if len(cells) != _CONVERSION_COLUMNS or not cells[2].isdigit():
            raise FileRefused("not the cells of a conversion", line=number)
        code, title, year, previous, previous_title, change, comment, month_day = cells
        facts = {"previous": previous, "previous_title": previous_title, "change": change, "comment": comment}
        entries.append(Entry(code, title, facts={**facts, "effective": f"{year} {month_day}"}))
    return Reading("", entries, {"codes": len({entry.code for entry in entries}), "rows": len(entries)})

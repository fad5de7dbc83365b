"""ICD-10-PCS as XML: the tables, from which codes are built, and the index into them.

Source: the schemas that CMS publishes with the files. Invariant: every row's own statement of how many values an axis
has and how many codes they make is checked.
"""

from collections.abc import Iterator
from math import prod
from xml.etree.ElementTree import Element

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile
from shared.codesets.readers.xml import find_line, read_line, read_tree

_TARGETS = {"code": "code", "codes": "codes", "use": "use", "see": "see", "tab": "table"}


def read_tables(source: SourceFile) -> Reading:
    """An entry a row: `code` is the table's three characters, `axis4` to `axis7` the row's values with their labels."""
    root = read_tree(source.content, "ICD10PCS.tabular")
    tables = root.findall("pcsTable")
    rows = [(table, row) for table in tables for row in table.findall("pcsRow")]
    entries = [_row_entry(table, row, source, nth) for nth, (table, row) in enumerate(rows, start=1)]
    if not entries:
        raise FileRefused("the file has no tables", line=find_line(source.content, "pcsTable"))
    codes = sum(int(row.get("codes", "0")) for row in root.iter("pcsRow"))
    counts = {"codes": codes, "tables": len(tables), "rows": len(entries)}
    return Reading(f"FY{read_line(root.find('version'))}", entries, counts)


def _row_entry(table: Element, row: Element, source: SourceFile, nth: int) -> Entry:
    try:
        return _read_row(table, row)
    except FileRefused as refusal:
        raise FileRefused(refusal.message, line=find_line(source.content, "pcsRow", nth)) from None


def _read_row(table: Element, row: Element) -> Entry:
    head = [_read_axis(axis) for axis in table.findall("axis")]
    code = "".join(next(iter(axis)) for axis in head)
    axes = {f"axis{axis.get('pos')}": _read_axis(axis) for axis in row.findall("axis")}
    if len(code) != 3 or len(axes) != 4:
        raise FileRefused(f"table {code} does not have three axes above and four in each row")
    if prod(len(values) for values in axes.values()) != int(row.get("codes", "0")):
        raise FileRefused(f"a row of table {code} states another number of codes than its values make")
    names = {str(axis.get("pos")): read_line(axis.find("title")) for axis in row.findall("axis")}
    title = ", ".join(next(iter(axis.values())) for axis in head)
    definition = read_line(table.find("axis[@pos='3']/definition"))
    return Entry(code, title, facts={**axes, "axes": names, "definition": definition})


def _read_axis(axis: Element) -> dict[str, str]:
    values = {label.get("code", ""): read_line(label) for label in axis.findall("label")}
    if len(values) != int(axis.get("values", "0")):
        raise FileRefused(f"an axis {axis.get('pos')} states another number of values than it has")
    return values


def read_index(source: SourceFile) -> Reading:
    """An entry a reference: `code` is a whole code or the first characters of a table's codes, or empty."""
    root = read_tree(source.content, "ICD10PCS.index")
    entries = [entry for main in root.iterfind("letter/mainTerm") for entry in _walk(main, ())]
    if not entries:
        raise FileRefused("the index has no terms", line=find_line(source.content, "letter"))
    counts = {"codes": sum(bool(entry.code) for entry in entries), "references": len(entries)}
    counts["main_terms"] = len(root.findall("letter/mainTerm"))
    return Reading(f"FY{read_line(root.find('version'))}", entries, counts)


def _walk(term: Element, above: tuple[str, ...]) -> Iterator[Entry]:
    title = read_line(term.find("title"))
    path = (*above, title) if title else above
    for child in term:
        if child.tag == "term":
            yield from _walk(child, path)
        elif child.tag in _TARGETS:
            whole = child.tag in {"code", "codes", "tab"}
            code = read_line(child) if whole else read_line(child.find("codes")) or read_line(child.find("tab"))
            facts = {"refers": _TARGETS[child.tag], "to": read_line(child)}
            yield Entry(code, ", ".join(path), facts=facts)

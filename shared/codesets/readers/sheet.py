"""Rows of the first worksheet of an XLSX file, by the standard library alone.

Source: ECMA-376 part 1, 18.3 (worksheets) and 18.4 (shared strings). Invariant: only text, numbers and shared strings
are read; a row's cells stand at their columns, empty ones are "".
"""

import re
import zipfile
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, fromstring

from shared.codesets.entry import FileRefused

_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")


def is_sheet(content: bytes) -> bool:
    """Whether these are the bytes of an XLSX file."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            return "xl/workbook.xml" in book.namelist()
    except zipfile.BadZipFile:
        return False


def read_sheet(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that have cells, each with its number from 1."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            names = book.namelist()
            shared = _parse(book.read("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else None
            sheet = _parse(book.read("xl/worksheets/sheet1.xml"))
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise FileRefused(f"not a whole XLSX file ({type(error).__name__})") from None
    strings = (
        ["".join(text.text or "" for text in item.iter(f"{_NS}t")) for item in shared] if shared is not None else []
    )
    rows = sheet.iterfind(f"{_NS}sheetData/{_NS}row")
    return [(int(row.get("r", "0")), _read_row(row, strings)) for row in rows]


def _parse(content: bytes) -> Element:
    try:
        return fromstring(content)  # noqa: S314 - the file is the one the user named, never a received document
    except ParseError as error:
        raise FileRefused("the worksheet breaks off", line=error.position[0]) from None


def _read_row(row: Element, strings: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        reference = _REFERENCE.match(cell.get("r", ""))
        column = _column_index(reference[1]) if reference else len(cells)
        cells.extend([""] * (column - len(cells)))
        cells.append(_read_cell(cell, strings))
    return cells


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _read_cell(cell: Element, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_NS}t"))
    value = cell.findtext(f"{_NS}v") or ""
    return strings[int(value)] if cell.get("t") == "s" and value else value

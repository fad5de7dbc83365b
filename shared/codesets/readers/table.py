"""Reads a table with a heading row, from CSV or XLSX, into rows by column name."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.codesets.entry import FileRefused, SourceFile
from shared.codesets.readers.sheet import is_sheet, read_sheet


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, and its cells by the column names that were asked for."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_table(
    source: SourceFile, columns: Mapping[str, str], needed: Sequence[str], encoding: str = "utf-8-sig"
) -> list[Row]:
    """Rows below the heading, which is the first row that has all `needed` columns.

    `columns` maps a heading, in lower case with single spaces, to the name the caller uses. A row with fewer or more
    cells than the heading, or with an empty needed cell, is refused.
    """
    rows = read_sheet(source.content) if is_sheet(source.content) else list(_read_csv(source, encoding))
    found = next((at for at, (_, cells) in enumerate(rows) if _names(cells, columns).issuperset(needed)), None)
    if found is None:
        raise FileRefused(f"no heading row with the columns {', '.join(needed)}", line=1)
    heading = [columns.get(_fold(cell)) for cell in rows[found][1]]
    sheet = is_sheet(source.content)
    return [_match(line, cells, heading, needed, sheet=sheet) for line, cells in rows[found + 1 :] if any(cells)]


def _read_csv(source: SourceFile, encoding: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((line + "\n" for line in source.lines(encoding)), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error:
        raise FileRefused("not a row of CSV: a quotation is not closed", line=line) from None


def _match(line: int, cells: list[str], heading: list[str | None], needed: Sequence[str], *, sheet: bool) -> Row:
    # A worksheet leaves out empty cells at the end of a row, CSV does not.
    if len(cells) > len(heading) or (len(cells) < len(heading) and not sheet):
        raise FileRefused(f"{len(cells)} cells where the heading has {len(heading)}", line=line)
    row = Row(line, {name: cell.strip() for name, cell in zip(heading, cells, strict=False) if name})
    missing = [name for name in needed if not row[name]]
    if missing:
        raise FileRefused(f"{missing[0]} is empty", line=line)
    return row


def _names(cells: list[str], columns: Mapping[str, str]) -> set[str]:
    return {columns[_fold(cell)] for cell in cells if _fold(cell) in columns}


def _fold(cell: str) -> str:
    return " ".join(cell.split()).lower()

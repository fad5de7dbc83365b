"""The addendum to the ICD-10-PCS tables: every table that a year changes, whole, with its new and its unchanged rows.

Source: tables_addenda_YYYY.txt, as CMS publishes it: a table's three characters by their values, then panel by panel
the values of the characters four to seven, each line an English sentence. Invariants: an entry is what it is in the
tables themselves, with `action` "add" for a row that is new, else "keep"; the number of choices that a line states is
checked.
"""

import re
from collections.abc import Iterator
from math import prod

from shared.codesets.entry import Entry, Fact, FileRefused, Reading, SourceFile

_BEGINS = re.compile(r"(?P<change>No change|FY\d{4}): (?P<what>table|[\w -]+ panel of table) (?P<code>\w \w \w)")
_AXIS = re.compile(
    r"  (?P<nth>\w+) character \((?P<name>.+?)\) (?:has (?P<count>\d+) choices\.|is value (?P<value>.+))"
)
_CHOICE = re.compile(r"    [\w -]+ choice is value (?P<value>.+)")
_VALUE = re.compile(r"([0-9A-HJ-NP-Z]): (.+)")
_POSITIONS = {
    name: str(at)
    for at, name in enumerate(("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh"), start=1)
}
_OF_TABLE, _OF_ROW = ["1", "2", "3"], ["4", "5", "6", "7"]


def read_tables_addenda(source: SourceFile) -> Reading:
    """An entry a row of a changed table; `counts` has the codes that the rows make, and the tables and rows."""
    entries = [entry for table in _divide(source) for entry in table.list_rows()]
    if not entries:
        raise FileRefused("there is no table in the addendum", line=len(source.lines()))
    codes = sum(prod(len(_labels(entry, at)) for at in _OF_ROW) for entry in entries)
    added = sum(entry.facts["action"] == "add" for entry in entries)
    counts = {"codes": codes, "tables": len({entry.code for entry in entries}), "rows": len(entries), "added": added}
    year = re.search(r"20\d\d", source.name)
    return Reading(f"FY{year[0]}" if year else "", entries, counts)


def _labels(entry: Entry, position: str) -> dict[str, str]:
    labels = entry.facts[f"axis{position}"]
    return dict(labels) if isinstance(labels, dict) else {}


class _Block:
    """A table's head or one of its panels: its axes by position, with the values and the name of each."""

    def __init__(self, line: int, code: str, *, is_new: bool) -> None:
        self.line, self.code, self.is_new = line, code, is_new
        self.values: dict[str, dict[str, str]] = {}
        self.names: dict[str, str] = {}
        self.stated: dict[str, int] = {}

    def take(self, line: int, text: str) -> None:
        """Read one sentence."""
        axis, choice = _AXIS.fullmatch(text), _CHOICE.fullmatch(text)
        if axis and axis["nth"] in _POSITIONS:
            position = _POSITIONS[axis["nth"]]
            self.names[position], self.values[position] = axis["name"], {}
            self.stated[position] = int(axis["count"] or 1)
        value = _VALUE.fullmatch((axis or choice or {"value": None})["value"] or "")
        if value and self.values:
            self.values[list(self.values)[-1]][value[1]] = value[2]
        elif not (axis and axis["count"]):
            raise FileRefused("not a sentence of an addendum to the tables", line=line)

    def require_axes(self, positions: list[str]) -> None:
        """Refuse a block that lacks an axis, or a value of one."""
        counts = {position: len(values) for position, values in self.values.items()}
        if list(counts) != positions or counts != self.stated:
            raise FileRefused(
                f"the block of table {self.code} lacks an axis or a choice that it states", line=self.line
            )


class _Table:
    """A table with its panels."""

    def __init__(self, head: _Block) -> None:
        self.head, self.panels = head, list[_Block]()

    def list_rows(self) -> Iterator[Entry]:
        """An entry a panel."""
        self.head.require_axes(_OF_TABLE)
        code = "".join(value for values in self.head.values.values() for value in values)
        if code != self.head.code:
            raise FileRefused("the table's three characters are not those of its heading", line=self.head.line)
        section, body, operation = (label for values in self.head.values.values() for label in values.values())
        root, _, definition = operation.partition(": ")
        for panel in self.panels:
            panel.require_axes(_OF_ROW)
            axes: dict[str, Fact] = {f"axis{position}": values for position, values in panel.values.items()}
            told: dict[str, Fact] = {"axes": panel.names, "definition": definition}
            action = "add" if panel.is_new else "keep"
            yield Entry(code, f"{section}, {body}, {root}", facts={**axes, **told, "action": action})


def _divide(source: SourceFile) -> Iterator[_Table]:
    """The tables, each when all of its panels were read."""
    table: _Table | None = None
    block: _Block | None = None
    for line, text in enumerate(source.lines(), start=1):
        begins = _BEGINS.fullmatch(text)
        if begins:
            block = _Block(line, begins["code"].replace(" ", ""), is_new=begins["change"] != "No change")
            if begins["what"] == "table":
                if table:
                    yield table
                table = _Table(block)
            elif table is None or table.head.code != block.code:
                raise FileRefused("a panel does not follow its table", line=line)
            else:
                table.panels.append(block)
        elif text.strip() and block is None:
            raise FileRefused("no table begins where the addendum does", line=line)
        elif text.strip() and block:
            block.take(line, text.rstrip())
    if table:
        yield table

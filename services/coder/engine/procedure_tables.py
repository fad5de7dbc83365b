"""The official ICD-10-PCS tables in a compact form: which values of characters 4 to 7 go together.

Place in the flow: `service.procedure_tables` fills it from the release in force and puts it on the `Chart`; pure.
Invariant: a code that no row makes is no code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class TableRow(NamedTuple):
    """One row of a table: the values of characters 4 to 7, each value one character."""

    bodies: str
    approaches: str
    devices: str
    qualifiers: str

    def has(self, values: str) -> bool:
        """Whether the row makes these four values."""
        return all(value in allowed for value, allowed in zip(values, self, strict=True))


class Label(NamedTuple):
    """What a table calls a body part: its words without the side, and its value by side, '' where it has none."""

    table: str
    words: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ProcedureTables:
    """The rows of each table, by its three characters; `release` names the official file.

    `labels` are the body parts of section 0 by root operation.
    """

    release: str
    rows: Mapping[str, tuple[TableRow, ...]]
    labels: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)

    def has(self, code: str) -> bool:
        """Whether a table makes this code of seven characters."""
        return any(row.has(code[3:]) for row in self.rows.get(code[:3], ()))

"""The official ICD-10-PCS tables in a compact form: which values of characters 4 to 7 go together.

Place in the flow: `service.procedure_tables` fills it from the release in force and puts it on the `Chart`; pure.
Invariant: a code that no row makes is no code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ProcedureTables:
    """The rows of each table, by its three characters; `release` names the official file."""

    release: str
    rows: Mapping[str, tuple[TableRow, ...]]

    def has(self, code: str) -> bool:
        """Whether a table makes this code of seven characters."""
        return any(row.has(code[3:]) for row in self.rows.get(code[:3], ()))

"""Rows of reference data and the days on which they hold; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Dated:
    """The first and last day on which a row holds."""

    starts: date
    ends: date

    def holds_on(self, day: date) -> bool:
        """Whether the row holds on `day`; both ends count."""
        return self.starts <= day <= self.ends


class ReferenceRow(Protocol):
    """A row of an official file as `shared.codesets` reads it; `facts` differ by kind of file."""

    @property
    def code(self) -> str:
        """The code that the row is about."""

    @property
    def starts(self) -> date | None:
        """The first day on which it holds; None is always."""

    @property
    def ends(self) -> date | None:
        """The last day on which it holds; None is open."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What it says."""


def read_days(row: ReferenceRow) -> tuple[date, date]:
    """The first and the last day on which a row holds; what is open reaches to the end of all days."""
    return row.starts or date.min, row.ends or date.max

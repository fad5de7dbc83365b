"""What the routes of reports give.

Invariant: no field names a chart, a patient or a document; coders are named by subject.
"""

import csv
import io
from datetime import date
from typing import Self

from pydantic import Field

from services.coder.api_models import ApiModel
from services.coder.automation.pace import Acceptance, By, Flag, Productivity
from services.coder.engine.model import Setting

_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class AcceptanceRow(ApiModel):
    """How a coder accepts in a service line. A flag is a reason to look, and no more."""

    coder: str
    service_line: str
    charts: int
    accepted: int
    refused: int = Field(description="Suggestions that were changed or rejected.")
    seconds_each: tuple[float, float, float] | None = Field(
        description="Quartiles over charts of the seconds between showing and accepting, by acceptance."
    )
    characters_a_second: float | None = Field(description="Median over charts: characters of evidence, by second.")
    seeds: int = Field(description="Suggestions that were wrong on purpose.")
    seeds_missed: int
    flags: tuple[Flag, ...]

    @classmethod
    def of(cls, row: Acceptance, flags: tuple[Flag, ...]) -> "AcceptanceRow":
        """Show a row."""
        return cls(
            coder=row.coder,
            service_line=row.service_line,
            charts=row.charts,
            accepted=row.accepted,
            refused=row.refused,
            seconds_each=row.seconds_each,
            characters_a_second=row.characters_a_second,
            seeds=row.seeds,
            seeds_missed=row.seeds_missed,
            flags=flags,
        )


class AcceptanceReport(ApiModel):
    """From one UTC day through another."""

    since: date
    until: date
    coders: tuple[AcceptanceRow, ...]


class ProductivityRow(ApiModel):
    """What a coder did. Of setting, list and day those are null by which the report does not count."""

    coder: str
    setting: Setting | None
    service_line: str | None
    list_id: str | None = Field(description="The charts' default list.")
    day: date | None = Field(description="The UTC day.")
    charts: int = Field(description="Completed.")
    codes: int = Field(description="On their claims.")
    hours: float = Field(description="For how long charts were open, from first showing to completion.")
    charts_an_hour: float | None
    codes_an_hour: float | None
    norm: tuple[float, float] | None = Field(description="Charts an hour, from and to; by setting alone.")
    minutes_median: float | None = Field(description="Between showing and completing, half of the charts took less.")
    minutes_p90: float | None = Field(description="Nine of ten took less.")
    queries_sent: int
    queries_answered: int = Field(description="Of those.")
    returned: int = Field(description="Codings that billing sent back, for whatever reason.")
    denied: int = Field(description="Codings that came back because a payer denied a line.")

    @classmethod
    def of(cls, row: Productivity) -> Self:
        """Show a row."""
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if name not in {"hours"}}, hours=row.seconds / 3600
        )


class ProductivityReport(ApiModel):
    """From one UTC day through another."""

    since: date
    until: date
    by: By
    coders: tuple[ProductivityRow, ...]

    def write_csv(self) -> str:
        """Write the rows as comma-separated values (RFC 4180); nothing in them runs as a formula."""
        written = io.StringIO()
        names = [name for name in ProductivityRow.model_fields if name != "norm"]
        sheet = csv.writer(written)
        sheet.writerow(names)
        for row in self.coders:
            values = row.model_dump(mode="json")
            sheet.writerow([_quote(values[name]) for name in names])
        return written.getvalue()


def _quote(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS_AS_FORMULA) else value

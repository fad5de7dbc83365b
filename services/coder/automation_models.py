"""What the routes of automation and reports take and give.

Invariant: no field names a chart, a patient or a document; coders are named by subject.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field

from services.coder.api_models import ApiModel, Reason
from services.coder.automation.modes import BY_PEOPLE, Mode
from services.coder.automation.pace import Acceptance, Flag, Productivity
from services.coder.automation.policy import AutomationPolicy
from services.coder.engine.model import Setting
from services.coder.service.reporting import LineReport


class TrialView(ApiModel):
    """What the agreement of one version of engine, code set, lexicon and policy is shown by."""

    engine: str
    code_set: str
    lexicon: str
    policy: str
    attempt: int = Field(description="The how many-th trial of this version in the service line.")
    observed: int = Field(description="Charts that a coder coded blind.")
    agreed: int
    lower_bound: float = Field(description="Of the share of agreement; it holds whenever one looks.", ge=0, le=1)
    is_shown: bool = Field(description="Whether the lower bound reaches the standard.")
    has_fallen: bool = Field(description="Whether agreement fell of late.")


class AutomationLine(ApiModel):
    """A service line, and what automation does in it."""

    service_line: str
    mode: Mode
    may_become: tuple[Mode, ...] = Field(description="What a person can change the mode to now.")
    changed_by: str
    changed_at: datetime | None
    why: str
    confidence: float = Field(description="What every selected suggestion of a chart needs.")
    trial: TrialView | None
    looked_at: int = Field(description="Charts of the last 30 days.")
    qualified: int
    closed: int = Field(description="Closed without touch.")
    share_closed: float = Field(ge=0, le=1)

    @classmethod
    def of(cls, report: LineReport, policy: AutomationPolicy) -> "AutomationLine":
        """Show a line."""
        line, assessment, counts = report.line, report.assessment, report.counts
        allowed = BY_PEOPLE[line.mode] - (frozenset() if assessment.allows_closing else {Mode.ACTIVE})
        return cls(
            service_line=line.service_line,
            mode=line.mode,
            may_become=tuple(sorted(allowed)),
            changed_by=line.changed_by,
            changed_at=line.changed_at,
            why=line.why,
            confidence=policy.threshold_of(line.service_line),
            trial=_show_trial(report),
            looked_at=counts.looked_at,
            qualified=counts.qualified,
            closed=counts.closed,
            share_closed=counts.closed / counts.looked_at if counts.looked_at else 0.0,
        )


def _show_trial(report: LineReport) -> TrialView | None:
    trial, assessment = report.line.trial, report.assessment
    if trial is None:
        return None
    version = trial.version
    return TrialView(
        engine=version.engine,
        code_set=version.code_set,
        lexicon=version.lexicon,
        policy=version.policy,
        attempt=trial.attempt,
        observed=trial.observed,
        agreed=trial.agreed,
        lower_bound=assessment.lower_bound,
        is_shown=assessment.is_shown,
        has_fallen=assessment.has_fallen,
    )


class AutomationView(ApiModel):
    """All service lines, and what is asked of them."""

    standard: float = Field(description="The share of agreement that must be shown.")
    alpha: float = Field(description="The chance that less is ever taken for it.")
    blind_share: float
    lines: tuple[AutomationLine, ...]

    @classmethod
    def of(cls, reports: Sequence[LineReport], policy: AutomationPolicy) -> "AutomationView":
        """Show all lines."""
        lines = tuple(AutomationLine.of(report, policy) for report in reports)
        return cls(standard=policy.standard, alpha=policy.alpha, blind_share=policy.blind_share, lines=lines)


class ModeRequest(ApiModel):
    """A person's decision about a service line."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"mode": "shadow", "reason": "Agreed in the coding committee of 3 November."}]}
    )

    mode: Literal["off", "shadow", "active"]
    reason: Reason


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
    """What a coder completed in a setting and service line."""

    coder: str
    setting: Setting
    service_line: str
    charts: int
    hours: float = Field(description="For how long charts were open, from first showing to completion.")
    charts_an_hour: float | None
    norm: tuple[float, float] = Field(description="Charts an hour, from and to.")

    @classmethod
    def of(cls, row: Productivity) -> "ProductivityRow":
        """Show a row."""
        return cls(
            coder=row.coder,
            setting=row.setting,
            service_line=row.service_line,
            charts=row.charts,
            hours=row.seconds / 3600,
            charts_an_hour=row.charts_an_hour,
            norm=row.norm,
        )


class ProductivityReport(ApiModel):
    """From one UTC day through another."""

    since: date
    until: date
    coders: tuple[ProductivityRow, ...]

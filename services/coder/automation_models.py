"""What the routes of automation take and give.

Invariant: no field names a chart, a patient or a document.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from services.coder.api_models import ApiModel, Reason
from services.coder.automation.modes import BY_PEOPLE, Mode, ModeChange
from services.coder.automation.policy import AutomationPolicy
from services.coder.service.reporting import LineReport
from shared.pages import Page


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


class ModeChangeView(ApiModel):
    """A change of a service line's mode; `changed_by` is `automation` where it took itself back."""

    mode: Mode
    changed_by: str
    changed_at: datetime
    why: str


class ModeChangesPage(Page):
    """The changes of a service line's mode, the latest first."""

    changes: tuple[ModeChangeView, ...]

    @classmethod
    def of(cls, changes: Sequence[ModeChange], limit: int) -> "ModeChangesPage":
        """Shape a page that was read one change too far."""
        shown = (
            ModeChangeView(**{name: getattr(each, name) for name in ModeChangeView.model_fields}) for each in changes
        )
        return cls(
            changes=tuple(shown)[:limit], next=str(changes[limit - 1].position) if len(changes) > limit else None
        )

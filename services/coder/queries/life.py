"""The life of a query: its states, its clock, and what is refused.

Place in the flow: `service.queries` asks it, the CHECK constraints of migrations/0012 hold it; pure. Invariants: a
query that was sent is never changed or deleted; one without an answer ends, and what is documented is coded.
docs/state-machines.md draws it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.coder.queries.linter import LintFinding
from services.coder.queries.model import PractitionerReference
from shared.contracts.errors import ChartlineError, Conflict

QueryId = NewType("QueryId", UUID)


class QueryState(StrEnum):
    """Where a query stands."""

    DRAFT = "draft"
    """Being written; nobody but its writers has seen it."""
    SENT = "sent"
    """The clinician has it, and the chart is on hold."""
    ANSWERED = "answered"
    """The clinician has answered; evidence is what the addendum says, once it is in the chart."""
    UNANSWERED = "unanswered"
    """Its time has passed: what is documented is coded."""
    WITHDRAWN = "withdrawn"
    """Taken back by its writer or a lead, with a reason."""


OPEN_STATES = (QueryState.DRAFT, QueryState.SENT)
"""A chart with one of these cannot be completed."""


class QueryEvent(StrEnum):
    """What happens to a query; its record, append-only."""

    WRITTEN = "written"
    REVISED = "revised"
    OVERRIDDEN = "overridden"
    SENT = "sent"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    REASSIGNED = "reassigned"
    ANSWERED = "answered"
    ADDENDUM = "addendum"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


class QueryPolicy(BaseModel):
    """How long a clinician has, and who is told when time runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_days: float = Field(default=7.0, gt=0)
    remind_days: float = Field(default=2.0, gt=0)
    """After this long without an answer a reminder goes out, and again after as long."""
    escalate_after: int = Field(default=2, ge=1)
    """How many reminders go out before an escalation."""
    escalate_to: PractitionerReference | None = None
    """The physician advisor; None: an escalation goes to the addressee again, marked urgent."""
    look_seconds: float = Field(default=30.0, gt=0)
    """How often the service looks for queries whose time has come."""


DEFAULT_POLICY = QueryPolicy()


@dataclass(frozen=True, slots=True)
class Clock:
    """When a sent query is due, how often its addressee was reminded, and whether it was escalated."""

    due_at: datetime
    reminders: int = 0
    escalated: bool = False


def start_clock(now: datetime, policy: QueryPolicy) -> Clock:
    """The clock of a query that a clinician gets now."""
    return Clock(now + timedelta(days=policy.answer_days))


def plan_follow_up(clock: Clock, now: datetime, policy: QueryPolicy) -> QueryEvent:
    """What is to be done about a sent query whose time has come: remind, escalate, or give up."""
    if now >= clock.due_at:
        return QueryEvent.UNANSWERED
    if clock.reminders >= policy.escalate_after and not clock.escalated:
        return QueryEvent.ESCALATED
    return QueryEvent.REMINDED


def plan_next_look(clock: Clock, now: datetime, policy: QueryPolicy) -> datetime:
    """When the step after this one is due; after an escalation only the end is left."""
    reminder = now + timedelta(days=policy.remind_days)
    return clock.due_at if clock.escalated else min(reminder, clock.due_at)


class QueryRefused(ChartlineError):
    """The query breaks a rule of compliance; `findings` name rule, place and fix. A lead may override with a reason."""

    code = "query-not-compliant"
    http_status = 422
    issue_type = "business-rule"

    def __init__(self, findings: Sequence[LintFinding]) -> None:
        """`findings` is not empty."""
        super().__init__(f"{len(findings)} findings keep this query from being sent; each says its fix")
        self.findings = tuple(findings)


class QueryClosed(Conflict):
    """The query is not in a state that allows this: it was sent, answered, withdrawn, or its time has passed."""

    code = "query-state"

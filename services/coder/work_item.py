"""The vocabulary of the queue: ids, states, leases, and the errors that a coder can meet.

Place in the flow: shared by `store`, `service` and `api`; pure. docs/state-machines.md draws the states, and the CHECK
constraints of migrations/0001 hold them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.contracts.errors import ChartlineError, Conflict

ChartId = NewType("ChartId", UUID)
WorkItemId = NewType("WorkItemId", UUID)
LeaseToken = NewType("LeaseToken", UUID)


class State(StrEnum):
    """Where a work item stands; it is in exactly one."""

    SUGGESTING = "suggesting"
    """The engine has this chart version to do, or is doing it."""
    OPEN = "open"
    """A coder may lease it."""
    LEASED = "leased"
    """One coder has it, until the lease is released, completed or expires."""
    ON_HOLD = "on-hold"
    """It waits for a report, an answer or a correction: nobody can lease, complete or bill it."""
    COMPLETED = "completed"
    """The latest coding has been sent to claims."""
    FAILED = "failed"
    """The engine crashed on it or exceeded its time; it waits for a retry or for a newer chart version."""
    WITHDRAWN = "withdrawn"
    """The encounter is void or open again; there is nothing to code."""


class FailureReason(StrEnum):
    """Why a work item is in state failed."""

    ENGINE_CRASHED = "engine-crashed"
    ENGINE_TIMEOUT = "engine-timeout"
    ENGINE_ERROR = "engine-error"


@dataclass(frozen=True, slots=True)
class Lease:
    """A time-limited, token-fenced hold on a work item."""

    work_item_id: WorkItemId
    chart_id: ChartId
    chart_version: int
    token: LeaseToken
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """One thing that keeps a chart from being completed, and what to do about it."""

    code: str
    message: str
    expression: str


class LeaseLost(Conflict):
    """The caller does not hold the lease: it expired, was released, or the chart changed underneath."""

    code = "lease-lost"


class WrongState(Conflict):
    """The work item is not in a state that allows this."""

    code = "wrong-state"


class ChartNotComplete(ChartlineError):
    """`complete` was refused; `points` lists everything that is still open."""

    code = "chart-not-complete"
    http_status = 422
    issue_type = "business-rule"

    def __init__(self, points: Sequence[OpenPoint]) -> None:
        """`points` is not empty."""
        super().__init__(f"{len(points)} open points keep this chart from being completed; each says its fix")
        self.points = tuple(points)

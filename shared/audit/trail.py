"""What the request that is being answered does, and whether that is on record yet.

Place in the flow: `shared.web.auditing` opens a trail for every request, the caller's identification names the actor,
a use case calls `record_change` in its transaction. Invariant: outside a request nobody acts and nothing is recorded:
what the loops of a service do stands in its inbox, outbox and tables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from shared.audit.event import Action, Actor, AuditedAction, Outcome
from shared.audit.log import write_event
from shared.postgres.pool import Executor


@dataclass(slots=True)
class Trail:
    """One request. `operation`, `action` and what `entities` begins with are known once it is routed; `needs_record`
    says whether it reads PHI or changes something."""

    service: str
    actor: Actor | None = None
    operation: str = ""
    action: Action = "E"
    needs_record: bool = False
    entities: dict[tuple[str, str], None] = field(default_factory=dict)
    purpose: str | None = None
    recorded: bool = False

    def describe(self, outcome: Outcome = "0") -> AuditedAction:
        """Return what to record; somebody must act."""
        if self.actor is None:
            raise ValueError("nobody acts")
        return AuditedAction(
            self.service, self.actor, self.operation, self.action, tuple(self.entities), outcome, self.purpose
        )


_current: ContextVar[Trail | None] = ContextVar("trail", default=None)


@contextmanager
def following(trail: Trail) -> Iterator[None]:
    """Make `trail` the one of this block."""
    token = _current.set(trail)
    try:
        yield
    finally:
        _current.reset(token)


def name_operation(operation: str, action: Action) -> None:
    """Say what the request asks for; whatever is no reading needs to be on record."""
    if trail := _current.get():
        trail.operation, trail.action = operation, action
        trail.needs_record |= action != "R"


def expect_record() -> None:
    """Say that the request reads PHI."""
    if trail := _current.get():
        trail.needs_record = True


def name_actor(actor: Actor) -> None:
    """Say who sent the request."""
    if trail := _current.get():
        trail.actor = actor


def name_entity(kind: str, entity_id: object) -> None:
    """Say what the request turned out to be about, where its path does not."""
    if trail := _current.get():
        trail.entities[kind, str(entity_id)] = None


def name_purpose(purpose: str) -> None:
    """Say with which purpose of use the request reads what it otherwise could not."""
    if trail := _current.get():
        trail.purpose = purpose


async def record_change(connection: Executor) -> None:
    """Record what the request does in the transaction that does it."""
    trail = _current.get()
    if trail and trail.actor and not trail.recorded:
        await write_event(connection, trail.describe())
        trail.recorded = True

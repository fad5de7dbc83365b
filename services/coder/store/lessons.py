"""What decisions have taught, append-only, and the learned states that it added up to.

Invariant: positions are in the order of the commits, because writers hold `lock_lessons` to the end of their
transaction; so "the lessons through position n" never changes, and a learned state is named by one number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.coder.engine.learned import EntryKey, LearnedState, Outcome
from services.coder.learning import Lesson, add_counts
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class TaughtLesson:
    """One reason why an entry moves; one that was taken back does not count any more."""

    chart_id: ChartId
    coding_version: int
    suggestion_id: UUID
    decision_id: UUID
    kept: bool
    learned_at: datetime
    counts: bool


async def lock_lessons(connection: Connection) -> None:
    """Be the only writer of lessons until the transaction ends; taken after the charts' work items."""
    await SQL.execute(connection, "lock_lessons")


async def insert_lessons(
    connection: Connection, chart_id: ChartId, coding_version: int, specialty: str, lessons: Sequence[Lesson]
) -> None:
    """Keep what a coding teaches; the caller holds `lock_lessons`."""
    await SQL.execute(
        connection,
        "insert_lessons",
        chart_id=chart_id,
        coding_version=coding_version,
        specialty=specialty,
        suggestion_ids=[lesson.suggestion_id for lesson in lessons],
        decision_ids=[lesson.decision_id for lesson in lessons],
        entries=[lesson.entry for lesson in lessons],
        kept=[lesson.kept for lesson in lessons],
    )


async def take_back_lessons(connection: Connection, chart_ids: Iterable[ChartId]) -> int:
    """Undo what the codings of these charts taught; returns how many lessons. The caller holds `lock_lessons`."""
    return len(await SQL.fetch(connection, "take_back_lessons", chart_ids=list(chart_ids)))


async def find_last_lesson(connection: Executor) -> int:
    """Find the position of the newest lesson, 0 before the first."""
    return int(await SQL.fetchval(connection, "find_last_lesson"))


async def add_lessons(connection: Executor, state: LearnedState, *, after: int, through: int) -> LearnedState:
    """Return `state`, the sum of the lessons to `after`, with those to `through` added."""
    rows = await SQL.fetch(connection, "sum_lessons", after=after, through=through)
    changes = {EntryKey(row["entry"], row["specialty"]): Outcome(row["kept"] or 0, row["refused"] or 0) for row in rows}
    return add_counts(state, changes)


async def keep_state(connection: Executor, content_hash: str, through: int) -> None:
    """Remember which lessons a state is the sum of."""
    await SQL.execute(connection, "keep_state", content_hash=content_hash, through=through)


async def find_state_position(connection: Executor, content_hash: str) -> int | None:
    """Find which lessons the state with this hash is the sum of, None for a hash that no engine run had."""
    position: int | None = await SQL.fetchval(connection, "find_state_position", content_hash=content_hash)
    return position


async def list_lessons(connection: Executor, entry: str, specialty: str, limit: int) -> list[TaughtLesson]:
    """List the decisions that moved an entry in a specialty, the newest first."""
    rows = await SQL.fetch(connection, "list_lessons", entry=entry, specialty=specialty, limit=limit)
    return [TaughtLesson(**dict(row)) for row in rows]

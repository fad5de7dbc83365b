"""What people decided, append-only, and the answers that their repeated requests get."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.coder.coding import Action, ChosenCode, Decision
from services.coder.engine.model import CodeSystem
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about to be stored; one of the two ids is set, except for an `add`."""

    decision_id: UUID
    action: Action
    suggestion_id: UUID | None
    addition_id: UUID | None
    code: ChosenCode | None
    reason: str | None


async def insert_decisions(
    connection: Connection,
    chart_id: ChartId,
    chart_version: int,
    decisions: Sequence[NewDecision],
    *,
    decided_by: str,
    practitioner: str,
) -> None:
    """Append decisions in this order."""
    codes = [decision.code for decision in decisions]
    await SQL.execute(
        connection,
        "insert_decisions",
        chart_id=chart_id,
        chart_version=chart_version,
        decided_by=decided_by,
        practitioner=practitioner,
        decision_ids=[decision.decision_id for decision in decisions],
        actions=[decision.action for decision in decisions],
        suggestion_ids=[decision.suggestion_id for decision in decisions],
        addition_ids=[decision.addition_id for decision in decisions],
        systems=[code.system if code else None for code in codes],
        codes=[code.code if code else None for code in codes],
        displays=[code.display if code else None for code in codes],
        on_admissions=[code.on_admission if code else None for code in codes],
        reasons=[decision.reason for decision in decisions],
    )


async def read_decisions(connection: Connection, chart_id: ChartId, chart_version: int) -> list[Decision]:
    """Read the decisions about a chart version in the order in which they were made."""
    rows = await SQL.fetch(connection, "read_decisions", chart_id=chart_id, chart_version=chart_version)
    return [
        Decision(
            decision_id=row["decision_id"],
            action=Action(row["action"]),
            target_id=row["target_id"],
            code=ChosenCode(CodeSystem(row["system"]), row["code"], row["display"], row["on_admission"])
            if row["code"]
            else None,
            reason=row["reason"],
            decided_by=row["decided_by"],
            practitioner=row["practitioner"],
            decided_at=row["decided_at"],
        )
        for row in rows
    ]


async def begin_answer(connection: Connection, caller: str, key: str, fingerprint: str) -> bool:
    """Take an idempotency key for this transaction; False when it was taken before."""
    return await SQL.fetchval(connection, "begin_answer", caller=caller, key=key, fingerprint=fingerprint) is not None


async def read_answer(connection: Connection, caller: str, key: str) -> tuple[str, str]:
    """Read the fingerprint and the answer of an earlier request."""
    row = await SQL.fetchrow(connection, "read_answer", caller=caller, key=key)
    if row is None:
        raise LookupError("read_answer is for keys that begin_answer found taken")
    return row["fingerprint"], row["answer"]


async def keep_answer(connection: Connection, caller: str, key: str, answer: str) -> None:
    """Keep the answer under a key that this transaction took."""
    await SQL.execute(connection, "keep_answer", caller=caller, key=key, answer=answer)


async def forget_answers(connection: Executor, older_than_hours: float) -> None:
    """Forget keys that serve no more."""
    await SQL.execute(connection, "forget_answers", hours=older_than_hours)

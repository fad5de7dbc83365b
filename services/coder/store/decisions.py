"""What people decided, append-only."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import asyncpg

from services.coder.decisions import NOT_AMENDED, Action, Amendment, ChosenCode, Decision, NewDecision
from services.coder.engine.model import CodeSystem
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection

Item = TypeVar("Item")


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
    amendments = [decision.amendment for decision in decisions]
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
        on_admissions=[
            code.on_admission if code else amendment.on_admission
            for code, amendment in zip(codes, amendments, strict=True)
        ],
        reasons=[decision.reason for decision in decisions],
        undone_ids=[decision.undone_id for decision in decisions],
        targets=[_write_array(decision.targets or None) for decision in decisions],
        modifiers=[_write_array(amendment.modifiers) for amendment in amendments],
        units=[amendment.units for amendment in amendments],
        linked=[_write_array(amendment.linked) for amendment in amendments],
    )


async def read_decisions(connection: Connection, chart_id: ChartId, chart_version: int) -> list[Decision]:
    """Read the decisions about a chart version in the order in which they were made."""
    rows = await SQL.fetch(connection, "read_decisions", chart_id=chart_id, chart_version=chart_version)
    return [_read_decision(row) for row in rows]


def _write_array(values: Iterable[object] | None) -> str | None:
    """Write ids or modifiers as PostgreSQL's text of an array: a batch cannot carry arrays of several lengths."""
    return None if values is None else f"{{{','.join(map(str, values))}}}"


def _read_decision(row: asyncpg.Record) -> Decision:
    is_amendment = row["action"] == Action.AMEND
    on_admission = row["on_admission"]
    return Decision(
        decision_id=row["decision_id"],
        action=Action(row["action"]),
        target_id=row["target_id"],
        code=ChosenCode(CodeSystem(row["system"]), row["code"], row["display"], on_admission) if row["code"] else None,
        reason=row["reason"],
        decided_by=row["decided_by"],
        practitioner=row["practitioner"],
        decided_at=row["decided_at"],
        amendment=Amendment(on_admission, _tuple(row["modifiers"]), row["units"], _tuple(row["linked"]))
        if is_amendment
        else NOT_AMENDED,
        targets=_tuple(row["targets"]) or (),
    )


def _tuple(values: Sequence[Item] | None) -> tuple[Item, ...] | None:
    return None if values is None else tuple(values)

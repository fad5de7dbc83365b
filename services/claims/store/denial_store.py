"""Typed reads and writes of denials and of the steps taken about them.

Place in the flow: `service` calls these inside its transactions; the statements are in `sql/denials.sql`.
Invariant: nothing here opens or ends a transaction; lines and steps are only ever inserted.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import Field

from services.claims.claim import Channel
from services.claims.denials.denial import Denial, DeniedLine, Origin
from services.claims.denials.reasons import Kind, Reason, Step
from services.claims.responses import Adjustment
from shared.contracts.messages import Finding
from shared.fhir.extensions import EvidenceSpan
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements


@dataclass(frozen=True, slots=True)
class SentClaim:
    """What was sent of a claim, and what its findings were, open or overridden."""

    claim_id: UUID
    chart_id: UUID
    coding_version: int
    payer_id: str
    bundle: bytes
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class HeldDenial:
    """A denial under lock with all that a step needs."""

    denial_id: int
    claim_id: UUID
    chart_id: UUID
    coding_version: int
    kind: Kind
    status: str
    is_superseded: bool
    bundle: bytes
    channel: Channel
    answer: bytes
    """Nothing where an attempt was refused without one."""
    lines: tuple[DeniedLine, ...]


@dataclass(frozen=True, slots=True)
class PatternPlace:
    """Where a pattern stands among all: by claims denied, the most first, then by its names."""

    denied: Annotated[int, Field(ge=0, le=2**63 - 1)]
    payer_id: str
    code: str
    reason_code: str
    kind: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who takes a step: the subject of the token, and the Practitioner as a relative reference."""

    subject: str
    practitioner: str


class DenialStore:
    """The tables of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def find_sent(self, connection: Connection, claim_ids: Collection[UUID]) -> dict[UUID, SentClaim]:
        """Return what was sent of these claims."""
        rows = await self._sql.fetch(connection, "find_sent", claim_ids=list(claim_ids))
        return {row["claim_id"]: _sent(row) for row in rows}

    async def insert_denial(
        self,
        connection: Connection,
        sent: SentClaim,
        denial: Denial,
        *,
        response_id: int | None = None,
        attempt: int | None = None,
    ) -> None:
        """Put a denial on the worklist, by the answer or the attempt that it comes from."""
        denial_id: int = await self._sql.fetchval(
            connection,
            "insert_denial",
            response_id=response_id,
            attempt=attempt,
            claim_id=sent.claim_id,
            chart_id=sent.chart_id,
            coding_version=sent.coding_version,
            payer_id=sent.payer_id,
            kind=denial.kind,
            proposed=denial.leading.reason.step,
        )
        for place, line in enumerate(denial.lines, 1):
            await self._sql.execute(
                connection, "insert_denial_line", denial_id=denial_id, place=place, **_columns(line)
            )

    async def overturn(self, connection: Connection, *, taken: Collection[UUID], adjudicated: Collection[UUID]) -> None:
        """End the denials of claims that the payer takes after all, and the rejections of those that it decided."""
        await self._sql.execute(connection, "overturn_denials", taken=list(taken), adjudicated=list(adjudicated))

    async def close_recoded(self, connection: Connection, chart_ids: Collection[UUID]) -> None:
        """End the open denials of charts that were coded again."""
        await self._sql.execute(connection, "close_recoded_denials", chart_ids=list(chart_ids))

    async def list_denials(self, connection: Executor, **filters: object) -> list[asyncpg.Record]:
        """Read the worklist; `filters` are the parameters of the statement."""
        return await self._sql.fetch(connection, "list_denials", **filters)

    async def lock_denial(self, connection: Connection, denial_id: int) -> HeldDenial | None:
        """Hold a denial, None where there is none."""
        row = await self._sql.fetchrow(connection, "lock_denial", denial_id=denial_id)
        if row is None:
            return None
        lines = await self.list_lines(connection, denial_id)
        return HeldDenial(
            denial_id=denial_id,
            claim_id=row["claim_id"],
            chart_id=row["chart_id"],
            coding_version=row["coding_version"],
            kind=Kind(row["kind"]),
            status=row["status"],
            is_superseded=row["superseded_by"] is not None,
            bundle=row["bundle"],
            channel=Channel(row["channel"]),
            answer=row["body"],
            lines=tuple(_line(each, Step(row["proposed"])) for each in lines),
        )

    async def list_lines(self, connection: Executor, denial_id: int) -> list[asyncpg.Record]:
        """Read what a denial says, line by line."""
        return await self._sql.fetch(connection, "list_denial_lines", denial_id=denial_id)

    async def list_steps(self, connection: Executor, denial_id: int) -> list[asyncpg.Record]:
        """Read what was done about a denial, oldest first."""
        return await self._sql.fetch(connection, "list_denial_steps", denial_id=denial_id)

    async def take_step(
        self,
        connection: Connection,
        denial_id: int,
        step: Step,
        status: str,
        *,
        by: Caller,
        reason: str,
        packet_sha256: str | None = None,
    ) -> None:
        """Put a step on the record and move the denial."""
        await self._sql.execute(
            connection,
            "insert_denial_step",
            denial_id=denial_id,
            step=step,
            reason=reason,
            subject=by.subject,
            practitioner=by.practitioner,
            packet_sha256=packet_sha256,
        )
        await self._sql.execute(connection, "move_denial", denial_id=denial_id, status=status)

    async def find_patterns(
        self, connection: Executor, *, payer_id: str | None, at_least: int, after: PatternPlace | None, limit: int
    ) -> list[asyncpg.Record]:
        """Read what payers deny again and again."""
        return await self._sql.fetch(
            connection,
            "find_denial_patterns",
            payer_id=payer_id,
            at_least=at_least,
            after_denied=after.denied if after else None,
            after_payer_id=after.payer_id if after else None,
            after_code=after.code if after else None,
            after_reason_code=after.reason_code if after else None,
            after_kind=after.kind if after else None,
            limit=limit,
        )


def _sent(row: asyncpg.Record) -> SentClaim:
    found = [*json.loads(row["findings"]), *(each["finding"] for each in json.loads(row["overridden"]))]
    findings = tuple(Finding.model_validate(each) for each in found)
    keys = ("claim_id", "chart_id", "coding_version", "payer_id", "bundle")
    return SentClaim(**{key: row[key] for key in keys}, findings=findings)


def _columns(line: DeniedLine) -> dict[str, object]:
    return {
        "line": line.line,
        "expression": line.expression,
        "code": line.code,
        "diagnoses": line.diagnoses,
        "group_code": line.adjustment.group,
        "reason_code": line.adjustment.reason,
        "remark_codes": line.adjustment.remarks,
        "amount": line.adjustment.amount,
        "kind": line.reason.kind,
        "words": line.reason.words,
        "edits": line.edits,
        "decision_id": line.origin.decision_id,
        "action": line.origin.action,
        "practitioner": line.origin.practitioner,
        "decided_at": line.origin.decided_at,
        "suggestion_id": line.origin.suggestion_id,
        "evidence": json.dumps([asdict(span) for span in line.origin.evidence]),
    }


def _line(row: asyncpg.Record, step: Step) -> DeniedLine:
    return DeniedLine(
        line=row["line"],
        expression=row["expression"],
        code=row["code"],
        diagnoses=tuple(row["diagnoses"]),
        adjustment=Adjustment(
            row["line"], row["group_code"], row["reason_code"], row["amount"], tuple(row["remark_codes"])
        ),
        edits=tuple(row["edits"]),
        reason=Reason(Kind(row["kind"]), step, row["words"]),
        origin=Origin(
            decision_id=row["decision_id"],
            action=row["action"],
            practitioner=row["practitioner"],
            decided_at=row["decided_at"],
            suggestion_id=row["suggestion_id"],
            evidence=tuple(EvidenceSpan(**span) for span in json.loads(row["evidence"])),
        ),
    )

"""Typed reads and writes of the tables about X12 files.

Place in the flow: `service.files` calls these inside its transactions; the statements are in `sql/x12.sql`.
Invariant: nothing here opens or ends a transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
from pydantic import AwareDatetime

from services.claims.x12.answers import ClaimAnswer, ProviderAdjustment
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """The one file of a claim: its name and bytes never change, nor its folder."""

    name: str
    folder: Path
    body: bytes
    is_staged: bool
    is_released: bool


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What became of a file from a payer. `place` is where in it, such as `segment 17`."""

    sha256: str
    payer_id: str
    name: str
    answers: int = 0
    reason: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file stands among all that were read: by time, then by hash."""

    read_at: AwareDatetime
    sha256: str


class X12Store:
    """The X12 tables of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def next_control_number(self, connection: Connection) -> int:
        """Return a control number that was never given."""
        number: int = await self._sql.fetchval(connection, "next_x12_control_number")
        return number

    async def insert_interchange(
        self,
        connection: Connection,
        claim_id: UUID,
        *,
        control: int,
        account: str,
        name: str,
        folder: Path,
        body: bytes,
    ) -> None:
        """Fix the file of a claim, unless that was done before."""
        await self._sql.execute(
            connection,
            "insert_x12_interchange",
            claim_id=claim_id,
            control_number=control,
            account_number=account,
            file_name=name,
            folder=str(folder),
            body=body,
        )

    async def has_interchange(self, connection: Connection, claim_id: UUID) -> bool:
        """Tell whether the file of a claim is fixed."""
        found: bool = await self._sql.fetchval(connection, "has_x12_interchange", claim_id=claim_id)
        return found

    async def lock_interchange(self, connection: Connection, claim_id: UUID) -> OutgoingFile:
        """Lock the file of a claim, which must be fixed."""
        row = await self._sql.fetchrow(connection, "lock_x12_interchange", claim_id=claim_id)
        assert row is not None  # noqa: S101 - rows of this table are never deleted
        return OutgoingFile(row["file_name"], Path(row["folder"]), row["body"], row["is_staged"], row["is_released"])

    async def mark_staged(self, connection: Connection, claim_id: UUID) -> None:
        """Remember that the file is only to be moved from now on."""
        await self._sql.execute(connection, "mark_x12_staged", claim_id=claim_id)

    async def mark_released(self, connection: Executor, claim_id: UUID) -> None:
        """Remember that the file was moved into its folder."""
        await self._sql.execute(connection, "mark_x12_released", claim_id=claim_id)

    async def insert_file(self, connection: Connection, file: ReadFile) -> bool:
        """Remember a file; False when its content was read before."""
        inserted = await self._sql.fetchval(
            connection,
            "insert_x12_file",
            sha256=file.sha256,
            payer_id=file.payer_id,
            file_name=file.name,
            outcome="quarantined" if file.reason else "read",
            reason=file.reason,
            place=file.place,
            answers=file.answers,
            unmatched=0,
        )
        return inserted is not None

    async def park(self, connection: Connection, sha256: str, parked: Sequence[tuple[str, ClaimAnswer]]) -> None:
        """Keep answers that nobody can apply, with their reasons."""
        if parked:
            await self._sql.execute(
                connection,
                "insert_x12_unmatched",
                sha256=sha256,
                reasons=[reason for reason, _ in parked],
                bodies=[answer.body for _, answer in parked],
            )
            await self._sql.execute(connection, "count_x12_unmatched", sha256=sha256, unmatched=len(parked))

    async def insert_provider_adjustments(
        self, connection: Connection, sha256: str, adjustments: Sequence[ProviderAdjustment]
    ) -> None:
        """Keep what an 835 says beside all claims."""
        if adjustments:
            await self._sql.execute(
                connection,
                "insert_x12_provider_adjustments",
                sha256=sha256,
                places=list(range(1, len(adjustments) + 1)),
                reason_codes=[each.reason for each in adjustments],
                refs=[each.reference for each in adjustments],
                amounts=[each.amount for each in adjustments],
            )

    async def list_files(
        self, connection: Executor, *, outcome: str | None, after: FilePlace | None, limit: int
    ) -> list[asyncpg.Record]:
        """Read files, as `api_models.PayerFileView` shows them."""
        return await self._sql.fetch(
            connection,
            "list_x12_files",
            outcome=outcome,
            after_at=after.read_at if after else None,
            after_sha256=after.sha256 if after else None,
            limit=limit,
        )

    async def list_parked(self, connection: Executor, *, below: int | None, limit: int) -> list[asyncpg.Record]:
        """Read parked answers, as `api_models.ParkedAnswerView` shows them."""
        return await self._sql.fetch(connection, "list_x12_unmatched", below=below, limit=limit)

"""Claims as files, and answers from files: what is fixed about a claim's file, and what a payer's file does.

Place in the flow: the X12 channel stages and releases the file of each claim, the inbox brings what payers left.
Invariants: the control number, name and bytes of a claim's file are stored before it is written anywhere, and once it
is staged it is only moved; a payer's file counts once, by its content; an answer that names no claim of this payer is
parked, never guessed.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

import asyncpg

from services.claims.api_models import (
    PAYER_FILES,
    ROWS,
    ParkedAnswerPage,
    ParkedAnswerView,
    PayerFilePage,
    PayerFileView,
    RowPlace,
)
from services.claims.claim import Channel, PayerId, State
from services.claims.responses import Answer
from services.claims.service.answers import UNMATCHED, AnswerService
from services.claims.settings import ClaimsOptions
from services.claims.store import AnswerStore, ClaimStore, TakenClaim
from services.claims.store.x12_store import FilePlace, OutgoingFile, ReadFile, X12Store
from services.claims.x12 import name_account, write_claim
from services.claims.x12.answer_file import AnswerFile, read_answer_file
from services.claims.x12.answers import ClaimAnswer, read_billed_lines, settle
from services.claims.x12.source import Source
from shared.contracts.errors import InvalidContent
from shared.pages import cut_page
from shared.postgres.pool import Connection, Pool
from shared.telemetry.metrics import counter

NOT_STORABLE = "not-storable"
"""Reason code of a file with a value that no column can hold; it must not hold up the files after it."""

Stage = Callable[[OutgoingFile], Awaitable[None]]
"""Puts a file, whole and durable, beside the folder that it is for."""

_files = counter("chartline_claims_x12_files_total", "Files from payers.", ("payer", "outcome"))


class FileOutcome(StrEnum):
    """What became of a payer's file."""

    READ = "read"
    REPEATED = "repeated"
    """The same content was read before."""
    QUARANTINED = "quarantined"


class FileService:
    """The X12 files of all payers."""

    def __init__(self, pool: Pool, schema: str, options: ClaimsOptions, answers: AnswerService) -> None:
        self._pool = pool
        self._claims = ClaimStore(schema)
        self._responses = AnswerStore(schema)
        self._store = X12Store(schema)
        self._options = options
        self._answers = answers

    async def stage_file(self, claim: TakenClaim, stage: Stage) -> OutgoingFile:
        """Return the file of a claim, which lies beside its folder when this returns, or is in it already.

        What is in the file is committed before it is written anywhere. The row stays locked while it is written: after
        that has been recorded, nobody writes it again.
        """
        await self._fix_file(claim)
        async with self._pool.acquire() as connection, connection.transaction():
            file = await self._store.lock_interchange(connection, claim.claim_id)
            if not file.is_staged:
                await stage(file)
                await self._store.mark_staged(connection, claim.claim_id)
        return file

    async def mark_released(self, claim_id: UUID) -> None:
        """Remember that the file of a claim was moved into its folder."""
        await self._store.mark_released(self._pool, claim_id)

    async def receive_file(self, payer_id: PayerId, name: str, content: bytes) -> tuple[FileOutcome, ReadFile]:
        """Apply a payer's file in one transaction."""
        sha256 = hashlib.sha256(content).hexdigest()
        read: AnswerFile | None = None
        try:
            read = await asyncio.to_thread(read_answer_file, content)
            file = ReadFile(sha256, payer_id, name, answers=len(read.answers))
        except InvalidContent as error:
            file = ReadFile(sha256, payer_id, name, reason=error.code, place=error.expression)
        try:
            outcome = await self._record(payer_id, file, read)
        except asyncpg.DataError:
            file = ReadFile(sha256, payer_id, name, reason=NOT_STORABLE)
            outcome = await self._record(payer_id, file, None)
        _files.labels(payer_id, outcome).inc()
        return outcome, file

    async def refuse_file(self, payer_id: PayerId, name: str, sha256: str, reason: str) -> ReadFile:
        """Remember a file that is not even read."""
        file = ReadFile(sha256, payer_id, name, reason=reason)
        _files.labels(payer_id, await self._record(payer_id, file, None)).inc()
        return file

    async def list_files(
        self, *, outcome: str | None = None, after: FilePlace | None = None, limit: int = 50
    ) -> PayerFilePage:
        """Return a page of files from payers, newest first."""
        rows = await self._store.list_files(self._pool, outcome=outcome, after=after, limit=limit + 1)
        shown, last = cut_page([PayerFileView(**dict(row)) for row in rows], limit)
        following = PAYER_FILES.write(FilePlace(last.read_at, last.sha256)) if last else None
        return PayerFilePage(files=tuple(shown), next=following)

    async def list_parked(self, *, below: int | None = None, limit: int = 50) -> ParkedAnswerPage:
        """Return a page of answers that nobody could apply, newest first."""
        rows = await self._store.list_parked(self._pool, below=below, limit=limit + 1)
        shown, last = cut_page([ParkedAnswerView(**dict(row)) for row in rows], limit)
        return ParkedAnswerPage(answers=tuple(shown), next=ROWS.write(RowPlace(last.unmatched_id)) if last else None)

    async def _record(self, payer_id: PayerId, file: ReadFile, read: AnswerFile | None) -> FileOutcome:
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._store.insert_file(connection, file):
                return FileOutcome.REPEATED
            if read is None:
                return FileOutcome.QUARANTINED
            await self._apply(connection, payer_id, file.sha256, read)
            await self._store.insert_provider_adjustments(connection, file.sha256, read.provider_adjustments)
        return FileOutcome.READ

    async def _apply(self, connection: Connection, payer_id: PayerId, sha256: str, read: AnswerFile) -> None:
        named = await self._responses.find_named_claims(connection, [answer.names for answer in read.answers], payer_id)
        states = await self._claims.lock_claims(connection, named.values())
        bundles = await self._claims.read_bundles(connection, states)
        matched: list[tuple[UUID, Answer]] = []
        parked: list[tuple[str, ClaimAnswer]] = []
        for position, answer in enumerate(read.answers):
            claim_id = named.get(position)
            if claim_id is None or claim_id not in states:
                parked.append((UNMATCHED, answer))
            elif answer.unusable:
                parked.append((answer.unusable, answer))
            else:
                matched.append((claim_id, _settle(answer, claim_id, bundles[claim_id])))
        await self._answers.apply_answers(connection, Channel.X12, matched, states)
        await self._store.park(connection, sha256, parked)

    async def _fix_file(self, claim: TakenClaim) -> None:
        """Give a claim without a file its number, name and bytes; of two processes that try, one does."""
        partner = self._options.payers[claim.payer_id].x12
        assert partner is not None  # noqa: S101 - a profile of channel x12 has it
        async with self._pool.acquire() as connection:
            if await self._store.has_interchange(connection, claim.claim_id):
                return
            control = await self._store.next_control_number(connection)
            text = await asyncio.to_thread(write_claim, claim.bundle, partner, control)
            account = name_account(claim.claim_id)
            await self._store.insert_interchange(
                connection,
                claim.claim_id,
                control=control,
                account=account,
                name=f"{account}-{control:09d}.837",
                folder=partner.outbound,
                body=text.encode("ascii"),
            )


def _settle(answer: ClaimAnswer, claim_id: UUID, bundle: bytes) -> Answer:
    """A reversal by itself decides nothing, as its correction follows; in answer to a void it is what was asked for."""
    if answer.is_reversal and Source(bundle).claim.text("status") == "cancelled":
        answer = replace(answer, state=State.ACCEPTED, adjustments=(), lines=(), paid=None)
    return settle(answer, str(claim_id), read_billed_lines(bundle) if answer.lines else ())

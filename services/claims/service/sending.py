"""Leases attempts and records how they ended, both in batches.

Place in the flow: the lanes take due claims here, send, and report back. Kafka needs no sender: its attempt is one
transaction with the outbox.
Invariants: an attempt is on the record before it leaves; only the holder of the lease, told by the attempt's number,
says what follows; an answer is applied even when the lease was lost, because what the payer says is true anyway.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.claims.api_models import ClaimView
from services.claims.claim import PayerId, State
from services.claims.payer_channel import AttemptEnd
from services.claims.payers import PayerProfile
from services.claims.schedule import Outcome, Timing, plan_next
from services.claims.service.answers import AnswerService
from services.claims.service.denied import DeniedIntake
from services.claims.service.overview import view_claim
from services.claims.settings import ClaimsOptions
from services.claims.store import AttemptReport, ClaimStore, PlannedClaim, TakenClaim, Terms
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.topics import Topic
from shared.postgres.answers import Answers, Repeatable
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection, Pool
from shared.telemetry.metrics import counter
from shared.web.errors import FHIR_JSON

PAYER_HEADER = "payer-id"
"""Header of `claim.bundle.v1` that names the payer, so that each finds its own."""
ON_THE_TOPIC = AttemptReport(Outcome.DELIVERED, 1)

EndedAttempt = tuple[TakenClaim, AttemptEnd]

_attempts = counter("chartline_claims_attempts_total", "Attempts to deliver a claim.", ("payer", "outcome"))


class SendingService:
    """Leases and attempts."""

    def __init__(self, pool: Pool, schema: str, options: ClaimsOptions, answers: AnswerService) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)
        self._outbox = Outbox(schema)
        self._repeats = Answers(schema)
        self._options = options
        self._answers = answers
        self._denied = DeniedIntake(schema)
        self._chance = random.Random()  # noqa: S311 - spreads load, guards nothing

    async def take_due(self, payer_id: PayerId, limit: int) -> list[TakenClaim]:
        """Lease due claims of a payer's lane; each has begun an attempt, which must be reported."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._take(connection, payer_id, limit)

    async def renew_leases(self, held: Sequence[TakenClaim]) -> None:
        """Keep the claims of attempts that are still on their way."""
        if held:
            await self._store.renew_leases(self._pool, held, self._options.lease_seconds)

    async def end_overdue(self, payer_id: PayerId) -> None:
        """Let claims whose deadline passed wait no longer for a payer to which nothing is sent."""
        await self._store.end_overdue(self._pool, payer_id, self._options.payers[payer_id].channel)

    async def publish_due(self, payer_id: PayerId, limit: int) -> int:
        """Hand due claims of a payer's Kafka lane to the outbox; returns how many."""
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await self._take(connection, payer_id, limit)
            if taken:
                await self._outbox.enqueue(connection, [_bundle_message(claim) for claim in taken])
                await self._store.finish_submissions(connection, {claim.key: ON_THE_TOPIC for claim in taken})
                end = AttemptEnd(ON_THE_TOPIC)
                await self._store.plan_attempts(connection, [self._plan(claim, claim.terms, end) for claim in taken])
        _attempts.labels(payer_id, Outcome.DELIVERED).inc(len(taken))
        return len(taken)

    async def record_attempts(self, payer_id: PayerId, ended: Sequence[EndedAttempt]) -> None:
        """Put the ends of attempts on the record, apply the answers, and decide what follows the others."""
        channel = self._options.payers[payer_id].channel
        answers = [(claim.claim_id, end.answer) for claim, end in ended if end.answer]
        answered = {claim_id for claim_id, _ in answers}
        async with self._pool.acquire() as connection, connection.transaction():
            states, held = await self._store.lock_attempts(connection, [claim.key for claim, _ in ended])
            await self._store.finish_submissions(connection, {claim.key: end.report for claim, end in ended})
            await self._answers.apply_answers(connection, channel, answers, states)
            plans = [
                self._plan(claim, held[claim.key], end)
                for claim, end in ended
                if claim.key in held and claim.claim_id not in answered
            ]
            if plans:
                await self._store.plan_attempts(connection, plans)
                await self._note_refusals(connection, ended, plans)
        for claim, end in ended:
            _attempts.labels(claim.payer_id, end.report.outcome).inc()

    async def requeue_claim(self, claim_id: UUID, request: Repeatable | None = None) -> ClaimView:
        """Give an undelivered claim another term with its payer's deadline; raises NotFound and Conflict."""

        async def requeue(connection: Connection) -> ClaimView:
            before = await self._store.get_claim(connection, claim_id)
            if before is None:
                raise NotFound("there is no claim with this id")
            profile = self._options.payers.get(before["payer_id"], PayerProfile())
            if not await self._store.requeue_claim(connection, claim_id, profile.deadline_hours * 3600):
                raise Conflict("only an undelivered claim can be queued again")
            after = await self._store.get_claim(connection, claim_id)
            return view_claim(after or before)

        return await self._repeats.once(self._pool, request, ClaimView, requeue)

    async def _note_refusals(
        self, connection: Connection, ended: Sequence[EndedAttempt], plans: Sequence[PlannedClaim]
    ) -> None:
        rejected = {planned.claim_id for planned in plans if planned.plan.state is State.REJECTED}
        refused = {claim.key: end.report for claim, end in ended if claim.claim_id in rejected}
        if refused:
            await self._denied.note_refusals(connection, refused)

    async def _take(self, connection: Connection, payer_id: PayerId, limit: int) -> list[TakenClaim]:
        channel = self._options.payers[payer_id].channel
        return await self._store.take_due(
            connection, payer_id, channel, limit=limit, lease_seconds=self._options.lease_seconds
        )

    def _plan(self, claim: TakenClaim, terms: Terms, end: AttemptEnd) -> PlannedClaim:
        profile = self._options.payers[claim.payer_id]
        timing = Timing(
            now=terms.now,
            queued_at=terms.queued_at,
            deadline_at=terms.deadline_at,
            steps=profile.schedule,
            answer_patience=timedelta(hours=profile.answer_patience_hours),
            retry_after=end.retry_after,
        )
        plan = plan_next(terms.state, end.report.outcome, timing, chance=self._chance)
        return PlannedClaim(claim.claim_id, plan, end.report)


def _bundle_message(claim: TakenClaim) -> OutboxMessage:
    return OutboxMessage(
        topic=Topic.CLAIM_BUNDLE,
        key=str(claim.claim_id),
        value=claim.bundle,
        headers={"content-type": FHIR_JSON, PAYER_HEADER: claim.payer_id},
        message_id=f"{claim.claim_id}/{claim.attempt}",
    )

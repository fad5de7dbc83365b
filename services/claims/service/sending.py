"""Leases attempts and records how they ended.

Place in the flow: the lanes take due claims here, send, and report back. Kafka needs no sender: its attempt is one
transaction with the outbox.
Invariants: an attempt is on the record before it leaves; only the holder of the lease, told by the attempt's number,
says what follows; an answer is applied even when the lease was lost, because what the payer says is true anyway.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.claims.claim import Channel, PayerId
from services.claims.payers import PayerProfile
from services.claims.responses import Answer
from services.claims.schedule import Outcome, Plan, Timing, plan_next
from services.claims.service.answers import AnswerService
from services.claims.settings import ClaimsOptions
from services.claims.store import AttemptReport, ClaimStore, TakenClaim, Terms
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.topics import Topic
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Pool
from shared.telemetry.metrics import counter
from shared.web.errors import FHIR_JSON

PAYER_HEADER = "payer-id"
"""Header of `claim.bundle.v1` that names the payer, so that each finds its own."""

_attempts = counter("chartline_claims_attempts_total", "Attempts to deliver a claim.", ("payer", "outcome"))


class SendingService:
    """Leases and attempts."""

    def __init__(self, pool: Pool, schema: str, options: ClaimsOptions, answers: AnswerService) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)
        self._outbox = Outbox(schema)
        self._options = options
        self._answers = answers
        self._chance = random.Random()  # noqa: S311 - spreads load, guards nothing

    async def take_due(self, payer_id: PayerId, limit: int) -> list[TakenClaim]:
        """Lease due claims of a payer's FHIR lane; each has begun an attempt, which must be reported."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._store.take_due(
                connection, payer_id, Channel.FHIR, limit=limit, lease_seconds=self._options.lease_seconds
            )

    async def renew_leases(self, held: Sequence[TakenClaim]) -> None:
        """Keep the claims of attempts that are still on their way."""
        await self._store.renew_leases(self._pool, held, self._options.lease_seconds)

    async def publish_due(self, payer_id: PayerId, limit: int) -> int:
        """Hand due claims of a payer's Kafka lane to the outbox; returns how many."""
        profile = self._options.payers[payer_id]
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await self._store.take_due(
                connection, payer_id, Channel.KAFKA, limit=limit, lease_seconds=self._options.lease_seconds
            )
            if taken:
                await self._outbox.enqueue(connection, [_bundle_message(claim) for claim in taken])
                await self._store.finish_delivered(connection, taken)
                plans = {claim.claim_id: self._plan(Outcome.DELIVERED, claim.terms, profile) for claim in taken}
                await self._store.plan_attempts(connection, plans, reason=None)
        _attempts.labels(payer_id, Outcome.DELIVERED).inc(len(taken))
        return len(taken)

    async def record_attempt(
        self,
        taken: TakenClaim,
        report: AttemptReport,
        *,
        answer: Answer | None = None,
        retry_after: timedelta = timedelta(0),
    ) -> None:
        """Put the end of an attempt on the record and decide what follows."""
        profile = self._options.payers[taken.payer_id]
        async with self._pool.acquire() as connection, connection.transaction():
            terms = await self._store.lock_attempt(connection, taken.claim_id, taken.attempt)
            await self._store.finish_submission(connection, taken.claim_id, taken.attempt, report)
            if answer is not None:
                await self._answers.apply_answer(connection, taken.claim_id, answer)
            if terms is not None and answer is None:
                plan = self._plan(report.outcome, terms, profile, retry_after)
                await self._store.plan_attempts(
                    connection, {taken.claim_id: plan}, reason=report.reason, codes=report.issue_codes
                )
        _attempts.labels(taken.payer_id, report.outcome).inc()

    async def requeue_claim(self, claim_id: UUID) -> None:
        """Give an undelivered claim another term with its payer's deadline; raises NotFound and Conflict."""
        async with self._pool.acquire() as connection, connection.transaction():
            claim = await self._store.get_claim(connection, claim_id)
            if claim is None:
                raise NotFound("there is no claim with this id")
            profile = self._options.payers.get(claim["payer_id"], PayerProfile())
            if not await self._store.requeue_claim(connection, claim_id, profile.deadline_hours * 3600):
                raise Conflict("only an undelivered claim can be queued again")

    def _plan(
        self, outcome: Outcome, terms: Terms, profile: PayerProfile, retry_after: timedelta = timedelta(0)
    ) -> Plan:
        timing = Timing(
            now=terms.now,
            queued_at=terms.queued_at,
            deadline_at=terms.deadline_at,
            steps=profile.schedule,
            answer_patience=timedelta(hours=profile.answer_patience_hours),
            retry_after=retry_after,
        )
        return plan_next(terms.state, outcome, timing, chance=self._chance)


def _bundle_message(claim: TakenClaim) -> OutboxMessage:
    return OutboxMessage(
        topic=Topic.CLAIM_BUNDLE,
        key=str(claim.claim_id),
        value=claim.bundle,
        headers={"content-type": FHIR_JSON, PAYER_HEADER: claim.payer_id},
        message_id=f"{claim.claim_id}/{claim.attempt}",
    )

"""Which claims a payer owes a decision on, and what it says when it is asked.

Place in the flow: `inquiries` asks. Invariant: a claim is asked about once an interval, by one process, whatever
becomes of the question.
"""

from uuid import UUID

from services.claims.claim import Channel, PayerId
from services.claims.responses import Answer
from services.claims.service.answers import AnswerService
from services.claims.settings import ClaimsOptions
from services.claims.store import ClaimStore
from shared.postgres.pool import Pool


class InquiryService:
    """Questions and their answers."""

    def __init__(self, pool: Pool, schema: str, options: ClaimsOptions, answers: AnswerService) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)
        self._options = options
        self._answers = answers

    async def take_due(self, payer_id: PayerId, limit: int) -> list[UUID]:
        """Return claims to ask about now, which are not due again for an interval; none where a payer is not asked."""
        hours = self._options.payers[payer_id].inquiry_hours
        return [] if hours is None else await self._store.take_inquiries(self._pool, payer_id, hours, limit)

    async def apply_answer(self, claim_id: UUID, answer: Answer) -> None:
        """Apply what the payer said."""
        async with self._pool.acquire() as connection, connection.transaction():
            states = await self._store.lock_claims(connection, [claim_id])
            if claim_id in states:
                await self._answers.apply_answers(connection, Channel.FHIR, [(claim_id, answer)], states)

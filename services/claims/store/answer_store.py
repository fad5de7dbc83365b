"""Typed reads and writes of what payers answered.

Place in the flow: `service` calls these inside its transactions; the statements are in `sql/`.
Invariant: nothing here opens or ends a transaction; an answer is kept once, by claim and hash.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.claims.claim import Channel, PayerId, State
from services.claims.matching import ClaimNames
from services.claims.responses import Answer
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements


class AnswerStore:
    """The answers of one schema, and what they do to its claims."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def find_named_claims(
        self, connection: Connection, names: Sequence[ClaimNames], payer_id: PayerId | None = None
    ) -> dict[int, UUID]:
        """Return the claim of each position of `names`, of this payer or of any; the surest name decides."""
        numbered = [
            (position, place, number)
            for position, each in enumerate(names)
            for place, number in enumerate(each.payer_numbers, 1)
        ]
        rows = await self._sql.fetch(
            connection,
            "find_named_claims",
            payer_id=payer_id,
            positions=list(range(len(names))),
            claim_ids=[each.claim_id for each in names],
            accounts=[each.account for each in names],
            controls=[each.control_number for each in names],
            number_positions=[position for position, _, _ in numbered],
            number_places=[place for _, place, _ in numbered],
            payer_numbers=[number for _, _, number in numbered],
        )
        found: dict[int, UUID] = {}
        for row in rows:
            found.setdefault(row["position"], row["claim_id"])
        return found

    async def insert_responses(
        self, connection: Connection, channel: Channel, answers: Sequence[tuple[UUID, Answer]]
    ) -> dict[tuple[UUID, str], int]:
        """Keep answers; returns those that were new: their ids by claim and hash."""
        rows = await self._sql.fetch(
            connection,
            "insert_responses",
            claim_ids=[claim_id for claim_id, _ in answers],
            channels=[channel for _ in answers],
            states=[answer.state for _, answer in answers],
            codes=[" ".join(answer.codes) for _, answer in answers],
            sha256s=[answer.sha256 for _, answer in answers],
            bodies=[answer.body for _, answer in answers],
            paids=[answer.paid for _, answer in answers],
            payer_claim_numbers=[answer.payer_claim_number for _, answer in answers],
        )
        new = {(row["claim_id"], row["sha256"]): row["response_id"] for row in rows}
        await self._insert_adjustments(
            connection,
            [(new[key], answer) for claim_id, answer in answers if (key := (claim_id, answer.sha256)) in new],
        )
        return new

    async def _insert_adjustments(self, connection: Connection, answers: Sequence[tuple[int, Answer]]) -> None:
        """Keep what the payer took off, in the order in which it says so."""
        kept = [
            (response_id, place, adjustment)
            for response_id, answer in answers
            for place, adjustment in enumerate(answer.adjustments, 1)
        ]
        if kept:
            await self._sql.execute(
                connection,
                "insert_adjustments",
                response_ids=[response_id for response_id, _, _ in kept],
                places=[place for _, place, _ in kept],
                lines=[adjustment.line for _, _, adjustment in kept],
                group_codes=[adjustment.group for _, _, adjustment in kept],
                reason_codes=[adjustment.reason for _, _, adjustment in kept],
                amounts=[adjustment.amount for _, _, adjustment in kept],
                remark_codes=[" ".join(adjustment.remarks) for _, _, adjustment in kept],
            )

    async def answer_claims(self, connection: Connection, answered: dict[UUID, tuple[State, Sequence[str]]]) -> None:
        """End the waiting of claims."""
        await self._sql.execute(
            connection,
            "answer_claims",
            claim_ids=list(answered),
            states=[state for state, _ in answered.values()],
            codes=[" ".join(codes) for _, codes in answered.values()],
        )

    async def mark_replaced(self, connection: Connection, decided: Collection[UUID]) -> None:
        """Close what the decided claims replace at their payers."""
        await self._sql.execute(connection, "mark_replaced", claim_ids=list(decided))

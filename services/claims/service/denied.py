"""Puts what payers deny and reject on the worklist, and ends what they take after all.

Place in the flow: `answers` tells of every new answer, `sending` of every attempt that was refused without one, each in
its own transaction. Invariant: a denial is on the worklist when the claim's new state is, once a source.
"""

from collections.abc import Mapping
from uuid import UUID

from services.claims.claim import State
from services.claims.denials.denial import DENYING, read_denial, read_refusal
from services.claims.responses import Answer
from services.claims.store import AttemptKey, AttemptReport
from services.claims.store.denial_store import DenialStore
from shared.postgres.pool import Connection

_TAKEN = frozenset({State.ACCEPTED, State.PAID})
_ADJUDICATED = frozenset({State.PARTIALLY_DENIED, State.DENIED})


class DeniedIntake:
    """What goes on the worklist."""

    def __init__(self, schema: str) -> None:
        self._store = DenialStore(schema)

    async def note_answers(
        self, connection: Connection, answers: Mapping[int, tuple[UUID, Answer]], states: Mapping[UUID, State]
    ) -> None:
        """Take in new answers by the ids under which they are kept; `states` are those of their claims by now."""
        taken = [claim_id for claim_id, state in states.items() if state in _TAKEN]
        adjudicated = [claim_id for claim_id, state in states.items() if state in _ADJUDICATED]
        if taken or adjudicated:
            await self._store.overturn(connection, taken=taken, adjudicated=adjudicated)
        denying = {response_id: each for response_id, each in answers.items() if each[1].state in DENYING}
        if not denying:
            return
        sent = await self._store.find_sent(connection, {claim_id for claim_id, _ in denying.values()})
        for response_id, (claim_id, answer) in denying.items():
            claim = sent[claim_id]
            denial = read_denial(claim.bundle, answer, claim.findings)
            await self._store.insert_denial(connection, claim, denial, response_id=response_id)

    async def note_refusals(self, connection: Connection, refused: Mapping[AttemptKey, AttemptReport]) -> None:
        """Take in attempts that ended their claims; where the payer names no code, the end's own code is told."""
        sent = await self._store.find_sent(connection, {claim_id for claim_id, _ in refused})
        for (claim_id, attempt), report in refused.items():
            claim = sent[claim_id]
            codes = report.issue_codes or (report.reason or "",)
            denial = read_refusal(claim.bundle, codes, claim.findings)
            await self._store.insert_denial(connection, claim, denial, attempt=attempt)

"""The denial worklist: what payers denied and rejected, what is behind it, and the steps that people take.

Place in the flow: `denied` puts denials on it; a lead works it. Invariants: a step and what it does are one
transaction, and the step stays on the record; a denial is corrected only while its claim is the chart's newest.
"""

import asyncio
import hashlib
import json
from dataclasses import asdict, dataclass
from uuid import UUID

from services.claims.api_models import ROWS, RowPlace
from services.claims.denial_models import (
    PATTERNS,
    DenialLineView,
    DenialPage,
    DenialPattern,
    DenialPatternPage,
    DenialStepView,
    DenialSummary,
    DenialView,
)
from services.claims.denials.denial import Denial, describe_denial
from services.claims.denials.packet import build_packet
from services.claims.denials.reasons import Kind, Step
from services.claims.store import ClaimStore
from services.claims.store.denial_store import Caller, DenialStore, HeldDenial, PatternPlace
from shared.contracts.envelope import Envelope
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.messages import ClaimReturned
from shared.contracts.topics import Topic
from shared.pages import cut_page
from shared.postgres.answers import Answers, Repeatable
from shared.postgres.outbox import Outbox, event_message
from shared.postgres.pool import Connection, Executor, Pool

_ADJUDICATED = frozenset(Kind) - {Kind.REJECTION, Kind.VOID}


@dataclass(frozen=True, slots=True)
class Move:
    """Of which kinds and from which states a step may be taken, and where it leads."""

    kinds: frozenset[Kind]
    before: frozenset[str]
    after: str


MOVES = {
    Step.CORRECT: Move(_ADJUDICATED, frozenset({"open", "appealed"}), "returned"),
    Step.APPEAL: Move(_ADJUDICATED, frozenset({"open"}), "appealed"),
    Step.RESUBMIT: Move(frozenset({Kind.REJECTION}), frozenset({"open"}), "returned"),
    Step.SETTLE: Move(frozenset({Kind.VOID}), frozenset({"open"}), "settled"),
    Step.WRITE_OFF: Move(_ADJUDICATED | {Kind.REJECTION}, frozenset({"open", "appealed", "returned"}), "written_off"),
}
"""Nothing is appealed that was not adjudicated, and what a payer holds is not written off but settled with it."""
_BACK_TO_CODER = frozenset({Step.CORRECT, Step.RESUBMIT})
_HISTORY = 200


@dataclass(frozen=True, slots=True)
class DenialFilter:
    """Which denials to show; None is any."""

    status: str | None = None
    kind: str | None = None
    payer_id: str | None = None
    reason_code: str | None = None
    practitioner: str | None = None
    chart_id: UUID | None = None


class DenialService:
    """Reads the worklist and takes steps."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._claims = ClaimStore(schema)
        self._store = DenialStore(schema)
        self._outbox = Outbox(schema)
        self._repeats = Answers(schema)

    async def list_denials(self, wanted: DenialFilter, *, after: int = 0, limit: int = 50) -> DenialPage:
        """Return a page of the worklist, oldest first."""
        shown, last = cut_page(await self._list(self._pool, wanted, after=after, limit=limit + 1), limit)
        return DenialPage(denials=tuple(shown), next=ROWS.write(RowPlace(last.denial_id)) if last else None)

    async def get_denial(self, denial_id: int) -> DenialView:
        """Return one denial with what is behind it; raises NotFound."""
        return await self._view(self._pool, denial_id)

    async def list_history(self, claim_id: UUID, *, after: int = 0, limit: int = 50) -> DenialPage:
        """Return what the payer denied of a claim, those before it and those after it; raises NotFound."""
        claim = await self._claims.get_claim(self._pool, claim_id)
        if claim is None:
            raise NotFound("there is no claim with this id")
        whole = DenialFilter(chart_id=claim["chart_id"], payer_id=claim["payer_id"])
        return await self.list_denials(whole, after=after, limit=limit)

    async def find_patterns(
        self, *, payer_id: str | None = None, at_least: int = 2, after: PatternPlace | None = None, limit: int = 50
    ) -> DenialPatternPage:
        """Return a page of what payers deny again and again, most often first."""
        rows = await self._store.find_patterns(
            self._pool, payer_id=payer_id, at_least=at_least, after=after, limit=limit + 1
        )
        shown, last = cut_page([DenialPattern(**dict(row)) for row in rows], limit)
        following = PATTERNS.write(_place_of(last)) if last else None
        return DenialPatternPage(patterns=tuple(shown), next=following)

    async def take_step(
        self, denial_id: int, step: Step, by: Caller, reason: str, request: Repeatable | None = None
    ) -> DenialView:
        """Take a step with what it does, and return the denial after it; raises NotFound and Conflict."""

        async def take(connection: Connection) -> DenialView:
            held = await self._hold(connection, denial_id, step)
            if step in _BACK_TO_CODER:
                await self._outbox.enqueue(connection, [event_message(_tell_coder(held))])
            sha256 = await _digest_packet(held, reason) if step is Step.APPEAL else None
            await self._store.take_step(
                connection, denial_id, step, MOVES[step].after, by=by, reason=reason, packet_sha256=sha256
            )
            return await self._view(connection, denial_id)

        return await self._repeats.once(self._pool, request, DenialView, take)

    async def read_packet(self, denial_id: int) -> bytes:
        """Return the evidence packet of the last appeal; raises NotFound."""
        async with self._pool.acquire() as connection, connection.transaction():
            held = await self._store.lock_denial(connection, denial_id)
            steps = await self._store.list_steps(connection, denial_id)
        letters = [step["reason"] for step in steps if step["step"] == Step.APPEAL]
        if held is None or not letters:
            raise NotFound("there is no appeal of a denial with this id")
        return await asyncio.to_thread(_build_packet, held, letters[-1])

    async def _view(self, executor: Executor, denial_id: int) -> DenialView:
        found = await self._list(executor, DenialFilter(), after=denial_id - 1, limit=1)
        if not found or found[0].denial_id != denial_id:
            raise NotFound("there is no denial with this id")
        lines = [dict(row) for row in await self._store.list_lines(executor, denial_id)]
        return DenialView(
            denial=found[0],
            lines=tuple(DenialLineView(**{**line, "evidence": json.loads(line["evidence"])}) for line in lines),
            steps=tuple(DenialStepView(**dict(row)) for row in await self._store.list_steps(executor, denial_id)),
            history=await self._list(executor, DenialFilter(chart_id=found[0].chart_id), after=0, limit=_HISTORY),
        )

    async def _list(
        self, executor: Executor, wanted: DenialFilter, *, after: int, limit: int
    ) -> tuple[DenialSummary, ...]:
        rows = await self._store.list_denials(executor, after=after, limit=limit, **asdict(wanted))
        return tuple(DenialSummary(**dict(row)) for row in rows)

    async def _hold(self, connection: Connection, denial_id: int, step: Step) -> HeldDenial:
        held = await self._store.lock_denial(connection, denial_id)
        if held is None:
            raise NotFound("there is no denial with this id")
        if held.kind not in MOVES[step].kinds:
            raise Conflict(f"a denial of the kind {held.kind} cannot take the step {step}")
        if held.status not in MOVES[step].before:
            raise Conflict(f"a denial that is {held.status} cannot take the step {step}")
        if step in _BACK_TO_CODER and held.is_superseded:
            raise Conflict("the chart was coded again since; its newer claim is what counts")
        return held


def _tell_coder(held: HeldDenial) -> Envelope[ClaimReturned]:
    findings = describe_denial(Denial(held.lines))
    returned = ClaimReturned(chart_id=held.chart_id, coding_version=held.coding_version, findings=findings)
    return Envelope[ClaimReturned](
        source="chartline/claims", type=Topic.CLAIM_RETURNED, subject=str(held.chart_id), data=returned
    )


def _build_packet(held: HeldDenial, letter: str) -> bytes:
    return build_packet(held.bundle, held.answer, held.channel, held.lines, claim_id=held.claim_id, letter=letter)


async def _digest_packet(held: HeldDenial, letter: str) -> str:
    return hashlib.sha256(await asyncio.to_thread(_build_packet, held, letter)).hexdigest()


def _place_of(pattern: DenialPattern) -> PatternPlace:
    return PatternPlace(pattern.denied, pattern.payer_id, pattern.code, pattern.reason_code, pattern.kind)

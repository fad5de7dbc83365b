"""A lane per payer and channel: each takes its own due claims, so that a dead payer delays only itself.

Place in the flow: after `preparation`; Kafka lanes hand Bundles to the outbox in rounds, the others send each claim
through their channel, up to the payer's `max_in_flight` at one time.
Invariant: a claim is sent only under a lease, which a living lane renews; what a dead one had begun is sent again soon,
with the same identifier. While the payer's breaker is open nothing is taken, so its claims wait as they are.
"""

import asyncio
import contextlib

import asyncpg
from opentelemetry.trace import SpanKind

from services.claims.attempt_recorder import AttemptRecorder
from services.claims.breaker import Breaker, BreakerState
from services.claims.claim import PayerId
from services.claims.payer_channel import AttemptEnd, ChannelDown, OpenChannel, PayerChannel
from services.claims.payers import PayerProfile
from services.claims.service.sending import SendingService
from services.claims.store import TakenClaim
from shared.loops import rest
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import gauge
from shared.telemetry.tracing import Attribute, describe_span, span
from shared.transient import TRANSIENT_ERRORS

_NOT_NOW: tuple[type[Exception], ...] = (asyncpg.PostgresError, *TRANSIENT_ERRORS)
_log = get_logger(__name__)
_breaker_open = gauge("chartline_claims_breaker_open", "1 while nothing, or one claim at a time, is sent.", ("payer",))


class Lane:
    """The lane of a payer whose claims are sent one by one."""

    def __init__(
        self,
        payer_id: PayerId,
        profile: PayerProfile,
        sending: SendingService,
        open_channel: OpenChannel,
        breaker: Breaker,
        *,
        idle_seconds: float,
        lease_seconds: float,
        drain_seconds: float,
    ) -> None:
        self.name = f"{profile.channel}/{payer_id}"
        self._payer_id = payer_id
        self._profile = profile
        self._sending = sending
        self._open_channel = open_channel
        self._breaker = breaker
        self._idle_seconds = idle_seconds
        self._renew_seconds = lease_seconds / 3
        self._drain_seconds = drain_seconds
        self._woken = asyncio.Event()
        self._payer_is_back = asyncio.Event()
        self._sent: dict[asyncio.Task[None], TakenClaim] = {}
        self._recorder = AttemptRecorder(payer_id, sending, pause_seconds=idle_seconds)

    def wake(self) -> None:
        """Say that claims may be due."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`, then let what is in flight end within the drain time."""
        async with self._open_channel(self._profile) as channel:
            renewing = asyncio.create_task(self._renew())
            try:
                while not stop.is_set():
                    await self._turn_or_wait(channel, stop)
            finally:
                await self._drain()
                renewing.cancel()

    async def _turn_or_wait(self, channel: PayerChannel, stop: asyncio.Event) -> None:
        """While the database is away nothing more is taken, and what is on its way goes on."""
        try:
            await self._turn(channel, stop)
        except TRANSIENT_ERRORS as error:
            _log.warning("claims-not-taken", lane=self.name, error_class=type(error).__name__)
            await rest((stop,), self._idle_seconds)

    async def _turn(self, channel: PayerChannel, stop: asyncio.Event) -> None:
        if self._breaker.state is BreakerState.OPEN:
            await self._sit_out(stop)
            return
        self._woken.clear()
        self._payer_is_back.clear()
        room = self._breaker.room(self._profile.limits.max_in_flight, len(self._sent))
        taken = await self._take(channel, room) if room else []
        for claim in taken:
            task = asyncio.create_task(self._deliver(channel, claim))
            self._sent[task] = claim
            task.add_done_callback(self._sent.pop)
        if len(taken) < room or self._breaker.state is not BreakerState.CLOSED:
            await rest((self._woken, self._payer_is_back, stop), self._idle_seconds)
        else:
            await self._await_room(stop)

    async def _sit_out(self, stop: asyncio.Event) -> None:
        """Send nothing until it is time to ask, or an attempt that was on its way shows that the payer is back."""
        self._payer_is_back.clear()
        await self._sending.end_overdue(self._payer_id)
        await rest((self._payer_is_back, stop), self._breaker.seconds_to_probe)

    async def _take(self, channel: PayerChannel, room: int) -> list[TakenClaim]:
        try:
            await channel.make_ready()
        except ChannelDown as down:
            self._breaker.open(down.reason)
            self._tell(down.reason)
            return []
        return await self._sending.take_due(self._payer_id, room)

    async def _await_room(self, stop: asyncio.Event) -> None:
        """Wait until half of the attempts are over, so that claims are taken in batches; but not long for slow ones."""
        enough = self._profile.limits.max_in_flight // 2
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._idle_seconds):
                while len(self._sent) > enough and not stop.is_set():
                    await asyncio.wait(self._sent, return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, channel: PayerChannel, claim: TakenClaim) -> None:
        try:
            with span("deliver claim", SpanKind.CLIENT, {Attribute.PAYER: self._payer_id}):
                end = await channel.submit(claim)
                describe_span(Attribute.OUTCOME, end.report.outcome)
        except Exception as error:  # noqa: BLE001 - the lease runs out and the claim is sent again; others go on
            _log.error("attempt-broken", claim_id=claim.claim_id, attempt=claim.attempt, exc_info=error)
            return
        self._judge(end)
        self._recorder.add(claim, end)

    def _judge(self, end: AttemptEnd) -> None:
        """Let the breaker learn from an attempt."""
        before = self._breaker.state
        self._breaker.note(end.report.outcome, end.report.reason, end.retry_after.total_seconds())
        if self._breaker.state is not before:
            self._tell(end.report.reason)

    def _tell(self, reason: str | None) -> None:
        """Say that the breaker moved."""
        state = self._breaker.state
        _breaker_open.labels(self._payer_id).set(state is not BreakerState.CLOSED)
        _log.warning("breaker-moved", lane=self.name, state=state, reason=reason)
        if state is BreakerState.CLOSED:
            self._payer_is_back.set()

    async def _renew(self) -> None:
        """Keep the leases of what is in flight; one that is missed costs a repetition and nothing else."""
        while True:
            await asyncio.sleep(self._renew_seconds)
            try:
                await self._sending.renew_leases([*self._sent.values(), *self._recorder.held])
            except _NOT_NOW as error:
                _log.warning("leases-not-renewed", lane=self.name, error_class=type(error).__name__)

    async def _drain(self) -> None:
        """Let attempts end and be recorded within the drain time; those that do not are cut short, and come again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._drain_seconds):
                while tasks := [*self._sent, *self._recorder.tasks]:
                    await asyncio.wait(tasks)
        late = [*self._sent, *self._recorder.tasks]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

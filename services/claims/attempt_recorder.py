"""Puts the ends of a lane's attempts on the record, many in one transaction.

Place in the flow: a lane adds every attempt that ended; `service.sending` writes them.
Invariant: batches grow with the load, since what ends during a transaction is the next one; an end is kept until the
database takes it, because a claim whose answer is not recorded is sent again.
"""

import asyncio

from services.claims.claim import PayerId
from services.claims.payer_channel import AttemptEnd
from services.claims.service.sending import EndedAttempt, SendingService
from services.claims.store import TakenClaim
from shared.telemetry.logging import get_logger
from shared.transient import TRANSIENT_ERRORS

_log = get_logger(__name__)


class AttemptRecorder:
    """The record of one lane."""

    def __init__(self, payer_id: PayerId, sending: SendingService, *, pause_seconds: float) -> None:
        """`pause_seconds` pass before the database is asked again that was away."""
        self._payer_id = payer_id
        self._sending = sending
        self._pause_seconds = pause_seconds
        self._waiting: list[EndedAttempt] = []
        self._writing: tuple[EndedAttempt, ...] = ()
        self._task: asyncio.Task[None] | None = None

    @property
    def held(self) -> list[TakenClaim]:
        """Claims whose attempts ended and are not on the record."""
        return [claim for claim, _ in (*self._writing, *self._waiting)]

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is being written, for whoever waits for it."""
        return [self._task] if self._task else []

    def add(self, claim: TakenClaim, end: AttemptEnd) -> None:
        """Record the end of an attempt soon."""
        self._waiting.append((claim, end))
        if self._task is None:
            self._task = asyncio.create_task(self._record_all())

    async def _record_all(self) -> None:
        while self._waiting:
            self._writing, self._waiting = tuple(self._waiting), []
            await self._record(self._writing)
        self._writing, self._task = (), None

    async def _record(self, ended: tuple[EndedAttempt, ...]) -> None:
        while True:
            try:
                return await self._sending.record_attempts(self._payer_id, ended)
            except TRANSIENT_ERRORS as error:
                _log.warning("attempts-not-recorded-yet", payer_id=self._payer_id, error_class=type(error).__name__)
                await asyncio.sleep(self._pause_seconds)
            except Exception as error:  # noqa: BLE001 - the leases run out and the claims are sent again; others go on
                _log.error("attempts-not-recorded", payer_id=self._payer_id, count=len(ended), exc_info=error)
                return None

"""Asks a payer for the decisions that it owes, where its profile says so; other payers' decisions are awaited.

Place in the flow: a loop of its own a payer of channel fhir, beside its lane. Invariant: what it learns is an answer
like any other; a payer that cannot be asked costs nothing but the next question.
"""

import asyncio

from services.claims.claim import PayerId
from services.claims.fhir_channel import FhirChannel, open_fhir_channel
from services.claims.payers import PayerProfile
from services.claims.service.inquiring import InquiryService
from shared.loops import rest
from shared.telemetry.logging import get_logger
from shared.transient import TRANSIENT_ERRORS

_AT_ONCE = 20
_log = get_logger(__name__)


class Inquiries:
    """The questions to one payer."""

    def __init__(
        self, payer_id: PayerId, profile: PayerProfile, inquiring: InquiryService, *, idle_seconds: float
    ) -> None:
        self.name = f"inquiries/{payer_id}"
        self._payer_id = payer_id
        self._profile = profile
        self._inquiring = inquiring
        self._idle_seconds = idle_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop`."""
        async with open_fhir_channel(self._profile) as channel:
            while not stop.is_set():
                if not await self._turn(channel):
                    await rest((stop,), self._idle_seconds)

    async def _turn(self, channel: FhirChannel) -> int:
        """Ask for the claims that are due; returns how many these were."""
        try:
            due = await self._inquiring.take_due(self._payer_id, _AT_ONCE)
            for claim_id in due:
                answer = await channel.inquire(claim_id)
                if answer is not None:
                    await self._inquiring.apply_answer(claim_id, answer)
        except TRANSIENT_ERRORS as error:
            _log.warning("payer-not-asked", payer_id=self._payer_id, error_class=type(error).__name__)
            return 0
        return len(due)

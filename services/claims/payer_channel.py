"""What a lane asks of a way to a payer, whichever it is: FHIR over HTTP, files.

Place in the flow: `lanes` drives a channel, `app` says which profile has which.
Invariant: a channel says how an attempt ended and never raises for what the other side does; what stops the whole way,
and says nothing about any claim, is `ChannelDown` before an attempt begins.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.claims.payers import PayerProfile
from services.claims.responses import Answer
from services.claims.store import AttemptReport, TakenClaim


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended: what goes on the record, the answer if there was one, how long the payer asks to wait."""

    report: AttemptReport
    answer: Answer | None = None
    retry_after: timedelta = timedelta(0)


class ChannelDown(Exception):
    """Nothing can be sent this way just now; `reason` is a code for operators, without content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PayerChannel(Protocol):
    """The way to one payer."""

    async def make_ready(self) -> None:
        """Have what every attempt needs, such as a token; raises ChannelDown. A lane asks before it takes claims."""

    async def submit(self, claim: TakenClaim) -> AttemptEnd:
        """Try to deliver one claim; a repetition brings the same bytes under the same identifier."""


OpenChannel = Callable[[PayerProfile], AbstractAsyncContextManager[PayerChannel]]
"""Opens the way to the payer of a profile, for as long as its lane runs."""

"""Makes a repeated request harmless: under the same Idempotency-Key it gets the same answer, and its work is done once.

Place in the flow: `shared.web.repeating` recognises the request, a use case does its work inside `Answers.once`.
Invariants: the key, the work, its audit event and the answer are one transaction, so that none exists without the
others; a request that fails leaves its key free; a key belongs to its caller; of a request only a hash is kept.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from shared.audit.trail import record_change
from shared.contracts.errors import Conflict, InvalidContent
from shared.loops import Rounds
from shared.postgres.pool import Connection, Pool
from shared.postgres.statements import Statements

AnswerT = TypeVar("AnswerT", bound=BaseModel)

SERVE_HOURS = 24.0
"""How long a key gives its answer; afterwards it is as if it had never been used."""
_FORGETTING_SECONDS = 600.0
_WAIT_SECONDS = (0.05, 0.1, 0.2, 0.4)
"""A form that is sent twice waits so long for its first answer, without a connection in hand, before it is refused."""


class KeyReused(InvalidContent):
    """An Idempotency-Key came again with another request."""

    code = "idempotency-key-reused"
    issue_type = "duplicate"


class RequestInFlight(Conflict):
    """The same request is being done at this moment; asking again soon gets its answer."""

    code = "request-in-flight"
    issue_type = "transient"
    retryable = True


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may come again: who sends it, under which key, and the hash of what it says."""

    caller: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, caller: str, key: str, *said: str | bytes) -> "Repeatable":
        """Recognise a request by all that it says."""
        digest = hashlib.sha256()
        for part in said:
            digest.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
        return cls(caller, key, digest.hexdigest())


class Answers:
    """The answers that one schema keeps."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("shared.postgres", schema=schema)

    async def once(
        self,
        pool: Pool,
        request: Repeatable | None,
        answer_type: type[AnswerT],
        act: Callable[[Connection], Awaitable[AnswerT]],
    ) -> AnswerT:
        """Run `act` in a transaction, or return the answer that the same request got before.

        None is a request that never comes again. Raises KeyReused, RequestInFlight and what `act` raises.
        """
        for seconds in _WAIT_SECONDS:
            try:
                return await self._try_once(pool, request, answer_type, act)
            except RequestInFlight:
                await asyncio.sleep(seconds)
        return await self._try_once(pool, request, answer_type, act)

    async def _try_once(
        self,
        pool: Pool,
        request: Repeatable | None,
        answer_type: type[AnswerT],
        act: Callable[[Connection], Awaitable[AnswerT]],
    ) -> AnswerT:
        async with pool.acquire() as connection, connection.transaction():
            if request and (earlier := await self.find(connection, request)) is not None:
                return answer_type.model_validate_json(earlier)
            answer = await act(connection)
            await record_change(connection)
            if request:
                await self.keep(connection, request, answer)
        return answer

    async def find(self, connection: Connection, request: Repeatable) -> str | None:
        """Take the key for this transaction and return the answer that it gave before, None when it never did.

        Raises KeyReused for another request under the key, and RequestInFlight while another transaction has it.
        """
        who = {"caller": request.caller, "key": request.key}
        if not await self._sql.fetchval(connection, "lock_key", **who):
            raise RequestInFlight("the same request is being done; send it again in a moment")
        row = await self._sql.fetchrow(connection, "find_answer", **who, hours=SERVE_HOURS)
        if row is None:
            return None
        if row["fingerprint"] != request.fingerprint:
            raise KeyReused("this Idempotency-Key came with another request before; use a new one")
        earlier: str = row["answer"]
        return earlier

    async def keep(self, connection: Connection, request: Repeatable, answer: BaseModel) -> None:
        """Keep an answer under the key that this transaction took by `find`."""
        await self._sql.execute(
            connection,
            "keep_answer",
            caller=request.caller,
            key=request.key,
            fingerprint=request.fingerprint,
            answer=answer.model_dump_json(),
        )

    async def forget(self, pool: Pool) -> int:
        """Forget keys that serve no more; answers 0, for there is never more to do at once."""
        await self._sql.execute(pool, "forget_answers", hours=SERVE_HOURS)
        return 0


def make_forgetting(pool: Pool, schema: str) -> Rounds:
    """Make the loop that forgets old keys; a service that keeps answers runs it beside its other loops."""

    async def forget() -> int:
        return await Answers(schema).forget(pool)

    return Rounds("forget-answers", forget, idle_seconds=_FORGETTING_SECONDS)

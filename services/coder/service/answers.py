"""Makes a repeated request harmless: the same Idempotency-Key gets the same answer, and the work is done once.

Invariant: the key is taken in the transaction that does the work, so that work without an answer, or an answer without
work, cannot exist; a request that fails leaves its key free.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from services.coder.store import decisions
from services.coder.work_item import KeyReused
from shared.audit.trail import record_change
from shared.postgres.pool import Connection, Pool

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may come again: who sends it, under which key (None: it never does), and what it says."""

    caller: str
    key: str | None
    content: str

    @property
    def fingerprint(self) -> str:
        """The hash of what the request says; only the same request may use a key again."""
        return hashlib.sha256(self.content.encode()).hexdigest()


async def answer_once(
    pool: Pool, request: Repeatable, answer_type: type[AnswerT], act: Callable[[Connection], Awaitable[AnswerT]]
) -> AnswerT:
    """Run `act` in a transaction, or return the answer that the same request got before; raises KeyReused."""
    async with pool.acquire() as connection, connection.transaction():
        if request.key is None:
            done = await act(connection)
            await record_change(connection)
            return done
        if await decisions.begin_answer(connection, request.caller, request.key, request.fingerprint):
            answer = await act(connection)
            await record_change(connection)
            await decisions.keep_answer(connection, request.caller, request.key, answer.model_dump_json())
            return answer
        fingerprint, earlier = await decisions.read_answer(connection, request.caller, request.key)
    if fingerprint != request.fingerprint:
        raise KeyReused("this Idempotency-Key came with another request before; use a new one")
    return answer_type.model_validate_json(earlier)

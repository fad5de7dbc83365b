"""Who is signed in: sessions held in the process, named by a random id that the browser keeps in a cookie.

Place in the flow: `access` begins and ends them, `routing` finds them. Invariants: the bearer token is not kept; a
session ends by signing out, by standing idle, and at the latest after a shift.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.errors import Unauthenticated
from shared.web.security import Principal

_IDLE_SECONDS = 30 * 60.0
_LONGEST_SECONDS = 12 * 60 * 60.0


@dataclass(slots=True)
class _Session:
    principal: Principal
    began_at: float
    seen_at: float

    def is_over(self, now: float) -> bool:
        return now - self.seen_at > _IDLE_SECONDS or now - self.began_at > _LONGEST_SECONDS


class Sessions:
    """The sessions of this process; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_id: dict[str, _Session] = {}

    def begin(self, principal: Principal) -> str:
        """Begin a session and return its id; those that are over are forgotten."""
        now = self._clock()
        self._by_id = {key: session for key, session in self._by_id.items() if not session.is_over(now)}
        session_id = secrets.token_urlsafe(32)
        self._by_id[session_id] = _Session(principal, now, now)
        return session_id

    def find(self, session_id: str) -> Principal:
        """Return who is signed in, and count it as activity; raises Unauthenticated."""
        session = self._by_id.get(session_id)
        now = self._clock()
        if session is None or session.is_over(now):
            raise Unauthenticated("sign in first; a session ends after half an hour without activity")
        session.seen_at = now
        return session.principal

    def end(self, session_id: str) -> None:
        """End a session, if there is one."""
        self._by_id.pop(session_id, None)

"""Who is signed in: sessions held in the process, named by a random id that the browser keeps in a cookie.

Place in the flow: `access` begins and ends them, `routing` finds them. Invariants: the bearer token is not kept; a
session ends by signing out, by standing idle, and at the latest after a shift.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.coder.settings import SessionSettings
from shared.contracts.errors import Unauthenticated
from shared.web.security import Principal


@dataclass(slots=True)
class _Session:
    principal: Principal
    began_at: float
    seen_at: float


class Sessions:
    """The sessions of this process; `clock` gives seconds that never go back."""

    def __init__(self, settings: SessionSettings | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings or SessionSettings()
        self._clock = clock
        self._by_id: dict[str, _Session] = {}

    def begin(self, principal: Principal) -> str:
        """Begin a session and return its id; those that are over are forgotten."""
        now = self._clock()
        self._by_id = {key: session for key, session in self._by_id.items() if not self._is_over(session, now)}
        session_id = secrets.token_urlsafe(32)
        self._by_id[session_id] = _Session(principal, now, now)
        return session_id

    def find(self, session_id: str, *, attended: bool = True) -> Principal:
        """Return who is signed in; raises Unauthenticated. What nobody attends to is no activity."""
        session = self._by_id.get(session_id)
        now = self._clock()
        if session is None or self._is_over(session, now):
            raise Unauthenticated("sign in first; a session ends when nothing was done for a while")
        if attended:
            session.seen_at = now
        return session.principal

    def end(self, session_id: str) -> None:
        """End a session, if there is one."""
        self._by_id.pop(session_id, None)

    def _is_over(self, session: _Session, now: float) -> bool:
        idle, whole = now - session.seen_at, now - session.began_at
        return idle > self.settings.idle_seconds or whole > self.settings.longest_seconds

"""Who calls: bearer tokens, compared by hash, to principals with roles.

Invariant: a token is never stored, logged or echoed; an unknown one and a missing one get the same answer.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict

from shared.contracts.errors import Forbidden, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="A token that the operator issued.")


class Principal(BaseModel):
    """A caller: stable subject, the Practitioner they are, and what they may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    practitioner: str
    """Relative reference, such as `Practitioner/coder-1`; it is what Provenance names."""
    roles: frozenset[str] = frozenset({"coder"})


class BearerTokens:
    """The tokens that a service knows, by hash."""

    def __init__(self, by_hash: Mapping[str, Principal]) -> None:
        self._by_hash = {digest.lower(): principal for digest, principal in by_hash.items()}

    def identify(self, token: str) -> Principal:
        """Return the principal of a token; raises Unauthenticated."""
        principal = self._by_hash.get(hash_token(token))
        if principal is None:
            raise Unauthenticated("a known bearer token is needed in the Authorization header")
        return principal


def hash_token(token: str) -> str:
    """SHA-256 of a token, as settings hold it."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _identify(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    tokens: BearerTokens = request.app.state.tokens
    return tokens.identify(credentials.credentials if credentials else "")


def require_principal(*roles: str) -> Callable[[Principal], Awaitable[Principal]]:
    """Make a dependency that lets in principals with any of `roles`; without roles, every known one."""

    async def check(principal: Annotated[Principal, Depends(_identify)]) -> Principal:
        if roles and not principal.roles.intersection(roles):
            raise Forbidden(f"this needs the role {' or '.join(roles)}")
        return principal

    return check

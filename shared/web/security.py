"""Who calls, and the rule of a route: which roles it lets in.

Place in the flow: a route names its rule in its signature; `rules` publishes it on the OpenAPI page and stops the start
of a service that has a route without one. Invariants: a token is never stored, logged or echoed; an unknown one and a
missing one get the same answer; a role that a rule does not name is refused.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict

from shared.audit.event import Actor
from shared.audit.trail import expect_record, name_actor
from shared.contracts.errors import Forbidden, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="An access token of the identity provider, or a service's token.")

EVERYWHERE = "*"
"""In a scope: no limit."""


class Role(StrEnum):
    """What a caller is here for; docs/access.md says what each may do."""

    CODER = "coder"
    LEAD = "lead"
    AUDITOR = "auditor"
    TRAINER = "trainer"
    PHYSICIAN = "physician"
    ADMIN = "admin"
    INTEGRATION = "integration"


class Principal(BaseModel):
    """A caller: stable subject, the Practitioner they are, and what they may do and see. Nothing named is nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    practitioner: str
    """Relative reference, such as `Practitioner/coder-1`; it is what Provenance names."""
    roles: frozenset[Role] = frozenset()
    facilities: frozenset[str] = frozenset({EVERYWHERE})
    """Relative references of the Organizations whose charts they may see, or EVERYWHERE."""
    lists: frozenset[str] = frozenset({EVERYWHERE})
    """The worklists that they may take charts from, or EVERYWHERE."""
    clearances: frozenset[str] = frozenset()
    """Kinds of restricted charts that they may see: `vip`, `employee`."""
    own_records: frozenset[str] = frozenset()
    """Who they are as a patient, such as `Patient/7`: charts that they must not see."""

    def as_actor(self) -> Actor:
        """Return who the audit log says that it was."""
        return Actor(self.subject, self.practitioner, tuple(self.roles))


Guard = Callable[[Principal, Mapping[str, object]], Awaitable[None]]
"""Refuses the records that a path names, by raising Forbidden; a route's rule asks it."""


async def guard_nothing(_principal: Principal, _path: Mapping[str, object]) -> None:
    """The guard of a service whose rules say it all."""


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


async def identify_bearer(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """Return who sends a request to the API; raises Unauthenticated."""
    identify: Callable[[str], Awaitable[Principal]] = request.app.state.identify
    principal = await identify(credentials.credentials if credentials else "")
    name_actor(principal.as_actor())
    return principal


@dataclass(frozen=True)
class Rule:
    """The roles that a route lets in. Its subclasses are dependencies, and say where the caller is known from.

    `phi` says whether the route's answers hold PHI, so that reading them is on record; `guarded`, whether the service's
    guard is asked about the records that the path names.
    """

    roles: frozenset[Role]
    phi: bool = True
    guarded: bool = True

    async def admit(self, request: Request, principal: Principal) -> Principal:
        """Return the principal, or raise Forbidden."""
        if self.phi:
            expect_record()
        if not principal.roles & self.roles:
            raise Forbidden(f"this needs the role {' or '.join(sorted(self.roles))}")
        if self.guarded:
            guard: Guard = request.app.state.guard
            await guard(principal, request.path_params)
        return principal


@dataclass(frozen=True)
class BearerRule(Rule):
    """The rule of a route of the API: the caller is known by a bearer token."""

    async def __call__(self, request: Request, principal: Annotated[Principal, Depends(identify_bearer)]) -> Principal:
        """Let the caller in or raise Forbidden."""
        return await self.admit(request, principal)


def require_principal(*roles: str, phi: bool = True, guarded: bool = True) -> BearerRule:
    """Make a dependency that lets in principals with any of `roles`; raises ValueError for an unknown or no role."""
    if not roles:
        raise ValueError("a rule names the roles that it lets in")
    return BearerRule(frozenset(map(Role, roles)), phi, guarded)

"""Which identity provider a service trusts, and how its claims are called: `CHARTLINE_WEB__OIDC__...`."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from shared.web.security import Role

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures that need no secret of ours; with HS256 whoever knows the public key could sign."""


class ClaimNames(BaseModel):
    """Where the provider's tokens say it; a dot goes into an object, as in Keycloak's `realm_access.roles`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: str = "roles"
    practitioner: str = "practitioner"
    facilities: str = "facilities"
    lists: str = "lists"
    clearances: str = "clearances"
    own_records: str = "own_records"


class OidcSettings(BaseModel):
    """`issuer` is compared to the letter; `audience` is what access tokens are for, `client_id` signs people in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str
    audience: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    redirect_uri: str | None = None
    """Where browsers are sent back to: `https://.../workbench/sign-in/return`; else from the request's address."""
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    leeway_seconds: float = Field(default=30.0, ge=0, le=300)
    """How far the clocks of both sides may be apart."""
    keys_fresh_seconds: float = Field(default=3600.0, gt=0)
    refetch_seconds: float = Field(default=10.0, ge=0)
    """How soon an unknown key id may make us ask for the keys again."""
    claims: ClaimNames = ClaimNames()
    role_names: dict[str, Role] = {}
    """What the provider calls our roles; a name that is not here and not a role of ours says nothing."""
    unlimited: bool = False
    """Whether a token without facilities or lists is for all of them; else it is for none."""

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("issuer must be an https address")
        return self

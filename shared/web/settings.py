"""Where a service listens and whom it lets in."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.web.oidc.settings import OidcSettings
from shared.web.security import Principal, Role


class WebSettings(BaseModel):
    """`tokens` maps the SHA-256 (hex) of a bearer token to its principal; the token itself is never stored.

    With an identity provider they are for services alone: people sign in there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    drain_seconds: float = Field(default=8.0, gt=0)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1)
    tokens: dict[str, Principal] = {}
    oidc: OidcSettings | None = None

    @model_validator(mode="after")
    def _people_sign_in(self) -> Self:
        roles = frozenset(role for principal in self.tokens.values() for role in principal.roles)
        if self.oidc and roles - {Role.INTEGRATION}:
            raise ValueError("with oidc, tokens have the role integration only; people sign in at the provider")
        return self

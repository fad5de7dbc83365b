"""How a payer knows us and we know it: tokens, certificates, authorities; pure.

Place in the flow: part of a payer's profile; `http_connections` and `oauth2` read the files when a lane opens.
Invariant: a secret is a SecretStr or a file that the settings name; none is printed, logged or stored.
"""

from pathlib import Path
from typing import Literal, Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, SecretStr, model_validator


class ClientCertificate(BaseModel):
    """Our side of mutual TLS; PEM files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate_file: Path
    private_key_file: Path
    private_key_password: SecretStr | None = None


class ClientCredentials(BaseModel):
    """OAuth 2.0 client credentials: by a secret (RFC 6749, section 2.3.1), or by a signed assertion.

    The assertion is the `private_key_jwt` of SMART App Launch 2.2, Backend Services; the payer knows the public key by
    `key_id`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_url: AnyHttpUrl
    client_id: str
    scope: str = "system/Claim.cruds"
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    private_key_file: Path | None = None
    key_id: str | None = None
    algorithm: Literal["RS384", "ES384"] = "RS384"

    @model_validator(mode="after")
    def _proves_itself_one_way(self) -> Self:
        ways = (self.client_secret, self.client_secret_file, self.private_key_file)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give one of client_secret, client_secret_file and private_key_file")
        return self

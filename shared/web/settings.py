"""Where a service listens and whom it lets in."""

from pydantic import BaseModel, ConfigDict, Field

from shared.web.security import Principal


class WebSettings(BaseModel):
    """`tokens` maps the SHA-256 (hex) of a bearer token to its principal; the token itself is never stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    drain_seconds: float = Field(default=8.0, gt=0)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1)
    tokens: dict[str, Principal] = {}

"""Asks the claims service what its edits would find in a coding: the scrub preview.

Place in the flow: `service.previewing` and `service.completing` ask while a coder decides. Invariant: nobody waits for
it longer than `timeout_seconds`; when it cannot be asked there is no preview, coding goes on, and the claims service
scrubs again in any case before it sends.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from shared.contracts.messages import ChartCoded, Finding
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter
from shared.telemetry.tracing import carry_trace

_log = get_logger(__name__)
_asked = counter("chartline_scrub_previews_total", "Scrub previews asked of the claims service.", ("result",))


class ScrubSettings(BaseModel):
    """Where the claims service is; without `url` there is no preview. `token` is one with the role integration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: AnyHttpUrl | None = None
    token: SecretStr = SecretStr("")
    timeout_seconds: float = Field(default=2.0, gt=0)


class _Answer(BaseModel):
    findings: tuple[Finding, ...]


_ANSWER = TypeAdapter(_Answer)


@dataclass(frozen=True)
class BillingEdits:
    """The edits of the claims service, seen from here."""

    client: httpx.AsyncClient | None = None

    async def preview(self, coded: ChartCoded) -> tuple[Finding, ...] | None:
        """Return what the edits find in a coding; None when the claims service cannot be asked."""
        if self.client is None:
            return None
        try:
            answer = await self.client.post(
                "v1/scrub",
                content=coded.model_dump_json(),
                headers={"content-type": "application/json"} | carry_trace(),
            )
            answer.raise_for_status()
            findings = _ANSWER.validate_json(answer.content).findings
        except (httpx.HTTPError, ValidationError) as error:
            _asked.labels("failed").inc()
            _log.warning("scrub-preview-failed", error_class=type(error).__name__)
            return None
        _asked.labels("answered").inc()
        return findings


NO_BILLING_EDITS = BillingEdits()


@asynccontextmanager
async def open_billing_edits(settings: ScrubSettings) -> AsyncIterator[BillingEdits]:
    """Open the connections to the claims service."""
    if settings.url is None:
        yield NO_BILLING_EDITS
        return
    headers = {"authorization": f"Bearer {settings.token.get_secret_value()}"}
    base = str(settings.url).rstrip("/") + "/"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=settings.timeout_seconds) as client:
        yield BillingEdits(client)

"""What the claims service is told from outside: `CHARTLINE_CLAIMS__...`.

    CHARTLINE_CLAIMS__PAYERS='{
      "medicare": {"payors": ["Organization/payer-CMS-MEDICARE"], "channel": "fhir",
                   "endpoint": "https://payer.example/fhir", "limits": {"max_in_flight": 4, "max_per_second": 20},
                   "oauth2": {"token_url": "https://payer.example/token", "client_id": "hospital-1",
                              "private_key_file": "/run/secrets/medicare.pem", "key_id": "2026"}},
      "other":    {"channel": "kafka"}
    }'
    CHARTLINE_CLAIMS__DEFAULT_PAYER=other

A payer that a stored claim names must stay in the settings until its claims are answered; `/v1/stats` lists those that
are missing.
"""

from pathlib import Path
from typing import Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, model_validator

from services.claims.claim import PayerId
from services.claims.payers import PayerName, PayerProfile
from shared.postgres.outbox import RelaySettings
from shared.settings import ServiceSettings


class ClaimsOptions(BaseModel):
    """The room of this service in the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payers: dict[PayerName, PayerProfile] = {PayerId("default"): PayerProfile()}
    default_payer: PayerName = "default"
    """Takes the claims whose coverage names none of the payers."""
    base_url: AnyHttpUrl = AnyHttpUrl("https://chartline.example/fhir")
    """The hospital's FHIR base. Bundles make relative references whole with it; nobody needs to answer there."""
    payer_rules: Path | None = None
    """A TOML file of payers' own edits (docs/edits.md), read at the start; a file with a mistake stops the start."""
    rules_refresh_seconds: float = Field(default=60.0, ge=0)
    """How long a release of rules or prices that was just loaded may be overlooked."""
    idle_seconds: float = Field(default=0.5, gt=0)
    """How long a lane without due claims rests before it looks again."""
    lease_seconds: float = Field(default=15.0, gt=0)
    """How long an attempt stays with a process that says nothing more; a living one renews it."""
    preparation_batch: int = Field(default=20, ge=1)
    kafka_batch: int = Field(default=100, ge=1)
    """How many claims a Kafka lane hands to the outbox in one transaction."""
    relay: RelaySettings = RelaySettings()

    @model_validator(mode="after")
    def _default_is_a_payer(self) -> Self:
        if self.default_payer not in self.payers:
            raise ValueError("default_payer must be one of the payers")
        owners = [payor for profile in self.payers.values() for payor in profile.payors]
        if len(owners) != len(set(owners)):
            raise ValueError("a payor leads to one payer only")
        return self


class ClaimsSettings(ServiceSettings):
    """Settings of the claims service."""

    claims: ClaimsOptions = ClaimsOptions()

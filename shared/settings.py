"""What every service is told from outside: environment variables `CHARTLINE_<ROOM>__<NAME>`.

Invariant: settings are read where a process begins, never at import; an unknown name stops the start, so that a typo
does not pass for a default.
"""

import os

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.audit.settings import AuditSettings
from shared.kafka.settings import KafkaSettings
from shared.postgres.settings import PostgresSettings
from shared.proof.settings import ProofSettings
from shared.telemetry.settings import TelemetrySettings
from shared.web.settings import WebSettings

PREFIX = "CHARTLINE_"
ROOMS = frozenset(
    {"POSTGRES", "KAFKA", "WEB", "TELEMETRY", "INGEST", "CODER", "CLAIMS", "LOCAL", "PROOF", "AUDIT", "CACHE_DIR"}
)
"""All first parts of a name; services share one environment, so each knows the rooms of the others."""


class ServiceSettings(BaseSettings):
    """What all services share; each adds its own room."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")

    postgres: PostgresSettings = PostgresSettings()
    kafka: KafkaSettings = KafkaSettings()
    web: WebSettings = WebSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    proof: ProofSettings = ProofSettings()
    audit: AuditSettings = AuditSettings()

    @model_validator(mode="after")
    def _refuse_unknown_rooms(self) -> "ServiceSettings":
        names = (name.upper() for name in os.environ if name.upper().startswith(PREFIX))
        unknown = sorted(name for name in names if name.removeprefix(PREFIX).split("__")[0] not in ROOMS)
        if unknown:
            raise ValueError(f"unknown settings {', '.join(unknown)}; names are {PREFIX}<ROOM>__<NAME>")
        return self

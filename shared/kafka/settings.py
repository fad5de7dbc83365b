"""How to reach Kafka."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shared.contracts.topics import MAX_RECORD_BYTES


class KafkaSettings(BaseModel):
    """Connection, and the few knobs that an operator turns. Batch and record sizes are in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    group_prefix: str = "chartline"
    replication_factor: int = Field(default=1, ge=1)
    """For topics that Chartline creates. The client cannot ask for the default of the broker (-1)."""
    enable_idempotence: bool = True
    """Off only for brokers that do not know it, such as the in-memory one of the demo."""
    producer_batch_bytes: int = Field(default=262_144, ge=1)
    producer_linger_ms: int = Field(default=5, ge=0)
    max_record_bytes: int = Field(default=MAX_RECORD_BYTES, ge=1)
    poll_max_records: int = Field(default=500, ge=1)
    poll_timeout_ms: int = Field(default=250, ge=1)

"""How to reach PostgreSQL."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class PostgresSettings(BaseModel):
    """`statement_cache_size=0` is needed behind a pooler in transaction mode, such as PgBouncer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dsn: SecretStr = SecretStr("postgresql://127.0.0.1:5432/chartline")
    pool_min_size: int = Field(default=2, ge=0)
    pool_max_size: int = Field(default=10, ge=1)
    statement_cache_size: int = Field(default=256, ge=0)
    command_timeout_seconds: float = Field(default=30.0, gt=0)

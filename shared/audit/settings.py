"""How the audit log is sealed: `CHARTLINE_AUDIT__...`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class AuditSettings(BaseModel):
    """`anchor_file` takes the head of the chain after every round: put it where the database's account cannot write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    anchor_file: Path | None = None
    batch_size: int = Field(default=500, ge=1)
    idle_seconds: float = Field(default=1.0, gt=0)
    """How long an event waits for its place at most, when there is little to do."""

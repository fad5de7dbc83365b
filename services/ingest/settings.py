"""What the ingest service is told from outside, `CHARTLINE_INGEST__...`; times say their unit."""

from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.settings import ServiceSettings


class IngestOptions(BaseModel):
    """How long charts wait, and how records are examined."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    hold_hours: dict[str, float] = {"AMB": 24, "EMER": 48, "OBSENC": 72, "SS": 72, "IMP": 96, "ACUTE": 96, "NONAC": 96}
    """By v3-ActCode of Encounter.class: how long after its end an encounter is waited for."""
    default_hold_hours: float = Field(default=48, gt=0)
    context_grace_seconds: float = Field(default=5, ge=0)
    """How long a complete chart waits for practitioners, places and conditions that its encounter names."""
    settle_seconds: float = Field(default=0.2, ge=0)
    """How long a chart waits for more of the same burst before it is looked at."""
    examiner_processes: int = Field(default=2, ge=1)
    examination_seconds: float = Field(default=20, gt=0)
    """Longest time that one record may take to unwrap, validate and read."""
    charts_per_pass: int = Field(default=25, ge=1)
    idle_seconds: float = Field(default=0.1, gt=0)
    """How long the emission rests when no chart is due."""

    def hold(self, encounter_class: str) -> timedelta:
        """Return the hold time of an encounter class."""
        return timedelta(hours=self.hold_hours.get(encounter_class, self.default_hold_hours))


class IngestSettings(ServiceSettings):
    """Settings of the ingest service."""

    ingest: IngestOptions = IngestOptions()

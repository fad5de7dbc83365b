"""What the coder service is told from outside: environment variables `CHARTLINE_CODER__...`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from services.coder.automation.policy import DEFAULT_POLICY as DEFAULT_AUTOMATION
from services.coder.automation.policy import AutomationPolicy
from services.coder.billing_edits import ScrubSettings
from services.coder.priority import PriorityWeights
from services.coder.queries.life import DEFAULT_POLICY, QueryPolicy
from shared.postgres.outbox import RelaySettings
from shared.settings import ServiceSettings


class EngineSettings(BaseModel):
    """How the engine runs. `factory` is a dotted path to a function without arguments that returns an Engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factory: str = Field(default="services.coder.engine.services.whole:build_whole_engine", pattern=r"^[\w.]+:\w+$")
    index_folder: Path | None = None
    """A folder with the official Alphabetic Index and its tables; engine processes read the variable themselves."""
    processes: int = Field(default=2, ge=1)
    chart_limit_seconds: float = Field(default=20.0, gt=0)
    """A chart that takes longer is put aside; its process is killed and replaced."""
    start_limit_seconds: float = Field(default=120.0, gt=0)
    max_attempts: int = Field(default=3, ge=1)
    """Runs of a chart that ended with the whole service, before the chart is put aside."""
    idle_seconds: float = Field(default=0.25, gt=0)
    """How long to wait before the queue is asked again, when it had nothing."""


class QueueSettings(BaseModel):
    """How leases live: a coder's lease lasts `lease_seconds` without activity. `priority` says what comes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease_seconds: float = Field(default=900.0, gt=0)
    glass_seconds: float = Field(default=3600.0, gt=0)
    """How long a closed chart stays open to whom broke the glass."""
    tidy_seconds: float = Field(default=5.0, gt=0)
    """How often expired leases go back to the queue."""
    priority: PriorityWeights = PriorityWeights()


class SessionSettings(BaseModel):
    """How long a session of the workbench lasts: without activity, and at the longest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    idle_seconds: float = Field(default=30 * 60.0, gt=0)
    longest_seconds: float = Field(default=12 * 60 * 60.0, gt=0)


class CoderOptions(BaseModel):
    """The coder service's own room."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: EngineSettings = EngineSettings()
    queue: QueueSettings = QueueSettings()
    queries: QueryPolicy = DEFAULT_POLICY
    automation: AutomationPolicy = DEFAULT_AUTOMATION
    relay: RelaySettings = RelaySettings()
    scrub: ScrubSettings = ScrubSettings()
    sessions: SessionSettings = SessionSettings()


class CoderSettings(ServiceSettings):
    """Settings of the coder service."""

    coder: CoderOptions = CoderOptions()

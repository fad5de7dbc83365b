"""How a service tells about itself."""

from typing import Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field


class TelemetrySettings(BaseModel):
    """`console` is for people at a terminal, `json` for everything else.

    `otlp_traces_url` is where an OpenTelemetry collector takes traces over HTTP (`http://collector:4318/v1/traces`);
    without it none are recorded. `trace_ratio` is the share of traces begun here that are; one that came in keeps its
    sender's choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    otlp_traces_url: AnyHttpUrl | None = None
    trace_ratio: float = Field(default=1.0, ge=0, le=1)

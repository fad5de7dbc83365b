"""How a service tells about itself."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class TelemetrySettings(BaseModel):
    """`console` is for people at a terminal, `json` for everything else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

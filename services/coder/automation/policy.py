"""What a hospital chooses about automation: settings, and part of what every trial is about.

Invariant: two policies with the same version close the same charts.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field


class AutomationPolicy(BaseModel):
    """Which charts qualify, what must be shown about them, and how people keep looking."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confidence: float = Field(default=0.97, ge=0, le=1)
    """Every selected suggestion of the chart has at least this confidence."""
    confidence_by_line: Mapping[str, float] = {}
    """By service line, where it differs."""
    most_doubt: float = Field(default=0.5, ge=0, le=1)
    """An offer, which is not selected, of at least this confidence is a question that a person answers."""
    harmless_details: frozenset[str] = frozenset()
    """Missing details that do not matter; every other one does."""
    standard: float = Field(default=0.95, gt=0.5, lt=1)
    """The share of charts on which automation and coder must agree. Source: the industry's 95 percent accuracy."""
    alpha: float = Field(default=0.05, gt=0, lt=1)
    """The chance, over all trials of one version together, that less than `standard` is ever taken for it."""
    drift_run_length: float = Field(default=1000.0, gt=1)
    """While `standard` holds, drift is raised falsely no more often than once in so many observed charts."""
    drift_window: int = Field(default=200, ge=10)
    """The latest observed charts in which drift is looked for."""
    blind_share: float = Field(default=0.1, gt=0, le=1)
    """Of the charts that qualify, how many go to people all the same, once automation closes charts."""
    seed_share: float = Field(default=0.0, ge=0, le=0.2)
    """Of all charts, how many carry a suggestion that is wrong on purpose."""
    quickest_seconds: float = Field(default=2.0, ge=0)
    """A coder whose median acceptance takes less time is shown to leads."""
    fewest_charts: int = Field(default=20, ge=1)
    """Of fewer charts no report says that something is unusual."""
    look_seconds: float = Field(default=1.0, gt=0)
    """How often to look for charts that the engine has answered."""

    def threshold_of(self, service_line: str) -> float:
        """Return the confidence that every selected suggestion of a chart needs."""
        return self.confidence_by_line.get(service_line, self.confidence)

    @cached_property
    def version(self) -> str:
        """Name what decides which charts qualify; other settings may change without a new trial."""
        lines = sorted(self.confidence_by_line.items())
        decisive = (self.confidence, lines, self.most_doubt, sorted(self.harmless_details))
        return hashlib.sha256(repr(decisive).encode()).hexdigest()[:12]


DEFAULT_POLICY = AutomationPolicy()

"""The modes of a service line, who may change them, and what the observations say about that.

Place in the flow: `service.automating` changes modes by it; pure. docs/state-machines.md draws them. Invariants: only a
person makes a line active, and only while the bound allows it; the machine alone only ever takes a line back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.coder.automation.confidence import bound_agreement
from services.coder.automation.drift import detect_fall
from services.coder.automation.policy import AutomationPolicy
from services.coder.engine.model import EngineVersion
from shared.contracts.errors import Conflict


class Mode(StrEnum):
    """What automation does in a service line."""

    OFF = "off"
    """Nothing."""
    SHADOW = "shadow"
    """It decides silently; people code every chart, and their codings are compared."""
    ACTIVE = "active"
    """It closes charts that qualify, but for the share that people code blind."""
    SUSPENDED = "suspended"
    """It switched itself off; a person begins again or ends it."""


BY_PEOPLE: Mapping[Mode, frozenset[Mode]] = {
    Mode.OFF: frozenset({Mode.SHADOW}),
    Mode.SHADOW: frozenset({Mode.OFF, Mode.ACTIVE}),
    Mode.ACTIVE: frozenset({Mode.OFF, Mode.SHADOW}),
    Mode.SUSPENDED: frozenset({Mode.OFF, Mode.SHADOW}),
}
"""What people can change a mode to."""


class ModeRefused(Conflict):
    """The service line cannot go into this mode now."""

    code = "automation-mode-refused"


@dataclass(frozen=True, slots=True)
class AutomationVersion:
    """What a trial is about: another engine, code set, lexicon or policy has everything to show anew.

    What the engine learns from decisions is not in it, for it changes all day; drift watches over that.
    """

    engine: str
    code_set: str
    lexicon: str
    policy: str

    @classmethod
    def of(cls, engine: EngineVersion, policy: AutomationPolicy) -> "AutomationVersion":
        """Name what an engine run and a policy make together."""
        return cls(engine.engine, engine.code_set, engine.lexicon, policy.version)


@dataclass(frozen=True, slots=True)
class Trial:
    """Observations about one version; `attempt` counts the trials of a service line that were about it."""

    trial_id: int
    version: AutomationVersion
    attempt: int
    observed: int = 0
    agreed: int = 0


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A service line: its mode, and the trial that is under way; None before the first chart of a trial."""

    service_line: str
    mode: Mode
    trial: Trial | None
    changed_by: str
    changed_at: datetime | None
    why: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class ModeChange:
    """A change of a service line's mode that is on record; `position` counts all of them."""

    position: int
    mode: Mode
    changed_by: str
    changed_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the observations of a trial say."""

    lower_bound: float
    is_shown: bool
    """Whether agreement is at least the standard, at the confidence that is asked for."""
    has_fallen: bool
    """Whether agreement fell of late."""

    @property
    def allows_closing(self) -> bool:
        """Whether charts may be closed without touch."""
        return self.is_shown and not self.has_fallen

    def say_why_not(self) -> str:
        """Say what forbids closing charts."""
        if self.has_fallen:
            return "agreement fell of late"
        return "the lower bound of agreement is below the standard"


NOTHING_OBSERVED = Assessment(0.0, is_shown=False, has_fallen=False)


def assess_trial(trial: Trial, recent: Sequence[bool], policy: AutomationPolicy) -> Assessment:
    """Assess a trial; `recent` are its latest observations, oldest first.

    The nth trial about one version has alpha / (n (n + 1)) to spend, so that beginning again until it happens to
    succeed does not help: over all trials it is no more than alpha.
    """
    alpha = policy.alpha / (trial.attempt * (trial.attempt + 1))
    bound = bound_agreement(trial.agreed, trial.observed, alpha) if trial.observed else 0.0
    level = detect_fall(recent[-policy.drift_window :], policy.standard)
    return Assessment(bound, is_shown=bound >= policy.standard, has_fallen=level >= policy.drift_run_length)


def require_change(line: LineStanding, wanted: Mode, assessment: Assessment) -> None:
    """Refuse what people cannot change; raises ModeRefused."""
    if wanted not in BY_PEOPLE[line.mode]:
        raise ModeRefused(f"a service line that is {line.mode} cannot be made {wanted}; see docs/automation.md")
    if wanted is Mode.ACTIVE and not assessment.allows_closing:
        raise ModeRefused(f"{assessment.say_why_not()}: leave it in shadow mode until more charts were compared")

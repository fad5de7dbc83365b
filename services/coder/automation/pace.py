"""How quickly coders accept and complete, in figures that a few long or short charts do not move; pure.

Place in the flow: `service.reporting` fills them for leads. Invariants: a flag says "look here" and nothing about a
person; of few charts nothing is said; people are compared within a service line only.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.coder.automation.policy import AutomationPolicy
from services.coder.engine.model import Setting

_FAR_OUT = 3.5
"""Robust deviations from the line's median. Source: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993)."""
_FEWEST_PEERS = 5
_NORMAL = 1.4826
"""What makes a median absolute deviation comparable to a standard deviation."""


class Flag(StrEnum):
    """What a lead may want to look at."""

    QUICK = "quick"
    """Acceptances take less time than anybody needs to read."""
    QUICKER_THAN_PEERS = "quicker-than-peers"
    SEEDS_MISSED = "seeds-missed"
    """Most of the suggestions that were wrong on purpose were accepted."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How a coder accepts in a service line: over charts, the quartiles of the seconds that an acceptance took."""

    coder: str
    service_line: str
    charts: int
    accepted: int
    refused: int
    timed: int
    """Charts of which is known when they were shown."""
    seconds_each: tuple[float, float, float] | None
    characters_a_second: float | None
    seeds: int = 0
    seeds_missed: int = 0


class By(StrEnum):
    """What a report on productivity counts by, beside the coder."""

    SETTING = "setting"
    """Setting and service line, which have norms."""
    LIST = "list"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Productivity:
    """What a coder did in a setting and service line, on a list, or on a day; the others are None.

    `seconds` is how long the `timed` charts were open, `median` and `p90` how long one was.
    """

    coder: str
    setting: Setting | None
    service_line: str | None
    list_id: str | None
    day: date | None
    charts: int
    codes: int
    timed: int
    timed_codes: int
    seconds: float
    median: float | None
    p90: float | None
    queries_sent: int
    queries_answered: int
    returned: int
    denied: int

    @property
    def charts_an_hour(self) -> float | None:
        """None where it is not known for how long charts were open."""
        return self.timed / self.seconds * 3600 if self.seconds > 0 else None

    @property
    def codes_an_hour(self) -> float | None:
        """None where it is not known for how long charts were open."""
        return self.timed_codes / self.seconds * 3600 if self.seconds > 0 else None

    @property
    def minutes_median(self) -> float | None:
        """Half of the charts took less."""
        return None if self.median is None else self.median / 60

    @property
    def minutes_p90(self) -> float | None:
        """Nine of ten took less."""
        return None if self.p90 is None else self.p90 / 60

    @property
    def norm(self) -> tuple[float, float] | None:
        """The norm of charts an hour: from, to; None of lists and days."""
        return _NORMS_BY_LINE.get(self.service_line or "") or (_NORMS[self.setting] if self.setting else None)


_NORMS: Mapping[Setting, tuple[float, float]] = {
    Setting.INPATIENT: (2.0, 3.0),
    Setting.EMERGENCY: (5.0, 20.0),
    Setting.OUTPATIENT: (5.0, 20.0),
}
_NORMS_BY_LINE: Mapping[str, tuple[float, float]] = {"imaging": (50.0, 50.0)}


def flag_acceptance(rows: Sequence[Acceptance], policy: AutomationPolicy) -> list[tuple[Acceptance, tuple[Flag, ...]]]:
    """Put to each row what a lead may want to look at."""
    medians: dict[str, list[float]] = {}
    for row in rows:
        if row.seconds_each and row.timed >= policy.fewest_charts:
            medians.setdefault(row.service_line, []).append(row.seconds_each[1])
    return [(row, tuple(_list_flags(row, medians.get(row.service_line, []), policy))) for row in rows]


def _list_flags(row: Acceptance, peers: Sequence[float], policy: AutomationPolicy) -> list[Flag]:
    flags = []
    if row.seconds_each and row.timed >= policy.fewest_charts:
        if row.seconds_each[1] < policy.quickest_seconds:
            flags.append(Flag.QUICK)
        if _is_far_below(row.seconds_each[1], peers):
            flags.append(Flag.QUICKER_THAN_PEERS)
    if row.seeds >= 2 and row.seeds_missed * 2 > row.seeds:
        flags.append(Flag.SEEDS_MISSED)
    return flags


def _is_far_below(value: float, peers: Sequence[float]) -> bool:
    if len(peers) < _FEWEST_PEERS:
        return False
    middle = statistics.median(peers)
    spread = _NORMAL * statistics.median(abs(each - middle) for each in peers)
    return middle - value > _FAR_OUT * spread > 0

"""Which days belong to which release; pure.

Invariant: a day belongs to at most one release of a kind, the last one that was effective by then; of two for one day
the one that was loaded last.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeVar

_DAY = timedelta(days=1)


class _Effective(Protocol):
    @property
    def effective(self) -> date: ...


Release = TypeVar("Release", bound=_Effective)


class Period(NamedTuple):
    """The first and the last day of something."""

    starts: date
    ends: date

    def cut(self, starts: date | None, ends: date | None) -> "Period | None":
        """The days of the period between two others, where None is open; None when there are none."""
        first, last = max(self.starts, starts or date.min), min(self.ends, ends or date.max)
        return Period(first, last) if first <= last else None


def divide_days(releases: Sequence[Release]) -> list[tuple[Release, Period]]:
    """The releases of one kind, in order of loading, with their days; those that another took over for are left out."""
    latest = {release.effective: release for release in releases}
    days = [*sorted(latest), None]
    return [
        (latest[first], Period(first, following - _DAY if following else date.max))
        for first, following in pairwise(days)
        if first
    ]

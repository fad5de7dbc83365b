"""What changes for certain codes in a span of days: those that cannot be reported any more, and those renamed; pure.

Place in the flow: the queue API and the workbench ask it about the codes that a coder used. Invariant: a change is what
a look-up answers differently from its day on than the day before, so it agrees with every look-up by date.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.codesets.book import Answer, CodeBook
from shared.codesets.changes import fold_title
from shared.codesets.kinds import System

_DAY = timedelta(days=1)
_MOST_INSTEAD = 8
_CATEGORY = 3


class Change(StrEnum):
    """What happens to a code."""

    DELETED = "deleted"
    REVISED = "revised"


@dataclass(frozen=True, slots=True)
class CodeNews:
    """A code that changes on `effective`; `instead` are the codes below or beside it that are new on that day."""

    system: System
    code: str
    change: Change
    effective: date
    before: str
    after: str
    instead: tuple[tuple[str, str], ...] = ()


def list_news(book: CodeBook, codes: Iterable[tuple[System, str]], since: date, until: date) -> list[CodeNews]:
    """The changes of `codes` from `since` to `until`, the latest first."""
    found = (news for system, code in codes for news in _list_changes(book, system, code, since, until))
    return sorted(found, key=lambda news: (-news.effective.toordinal(), news.system, news.code))


def _list_changes(book: CodeBook, system: System, code: str, since: date, until: date) -> Iterator[CodeNews]:
    for day in book.list_turns(system, code, since, until):
        before, after = (book.look_up(system, code, on) for on in (day - _DAY, day))
        if before is None or not before.valid:
            continue
        if after is None or not after.valid:
            instead = tuple(_list_successors(book, system, code, day))
            yield CodeNews(system, code, Change.DELETED, day, before.display, "", instead)
        elif fold_title(after.display) != fold_title(before.display):
            yield CodeNews(system, code, Change.REVISED, day, before.display, after.display)


def _list_successors(book: CodeBook, system: System, code: str, day: date) -> list[tuple[str, str]]:
    """Codes that are new on the day: those that divide `code`, else those of its category."""
    for stem in (code, code[:_CATEGORY]):
        near = [answer for each in book.list_below(system, stem, day) if (answer := _find_new(book, system, each, day))]
        if near:
            return [(answer.code, answer.display) for answer in near[:_MOST_INSTEAD]]
    return []


def _find_new(book: CodeBook, system: System, code: str, day: date) -> Answer | None:
    answer = book.look_up(system, code, day)
    return answer if answer and answer.valid and not book.is_valid(system, code, day - _DAY) else None

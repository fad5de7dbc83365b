"""What a later release changes of an earlier one.

Invariant: a code is in at most one of added, deleted and revised; the order of a file's rows never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from shared.codesets.entry import Entries, Entry


@dataclass(frozen=True, slots=True)
class Revision:
    """What a code was called and is called; alike when something else than the title was revised."""

    code: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Codes with their titles, in order of code."""

    added: tuple[tuple[str, str], ...]
    deleted: tuple[tuple[str, str], ...]
    revised: tuple[Revision, ...]

    @property
    def touched(self) -> frozenset[str]:
        """The codes that someone may have used and that mean something else now, or nothing."""
        return frozenset({code for code, _ in self.deleted} | {revision.code for revision in self.revised})


def compare_releases(old: Entries, new: Entries, *, whole: bool) -> Changes:
    """Compare by code: titles, dates and billability, or with `whole` everything that the releases say."""
    before, after = _group(old), _group(new)
    changed = (code for code in sorted(before.keys() & after.keys()) if before[code] != after[code])
    revised = [code for code in changed if _summary(before[code], whole=whole) != _summary(after[code], whole=whole)]
    return Changes(
        added=tuple((code, after[code][0].title) for code in sorted(after.keys() - before.keys())),
        deleted=tuple((code, before[code][0].title) for code in sorted(before.keys() - after.keys())),
        revised=tuple(Revision(code, before[code][0].title, after[code][0].title) for code in revised),
    )


def _group(entries: Entries) -> dict[str, list[Entry]]:
    ordered = sorted(entries, key=attrgetter("code"))
    return {code: list(found) for code, found in groupby(ordered, attrgetter("code")) if code}


def _summary(entries: Sequence[Entry], *, whole: bool) -> list[str]:
    def facts(entry: Entry) -> object:
        return sorted(entry.facts.items()) if whole else entry.facts.get("billable") is not False

    return sorted(repr((entry.title, entry.starts, entry.ends, facts(entry))) for entry in entries)

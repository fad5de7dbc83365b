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
    """Compare by code: what may be reported and what it is called, or with `whole` everything that the releases say.

    A code that is divided further or that ended counts as deleted, as for who reports it. Letter case, spaces and first
    days do not matter: the same release is published with and without them.
    """
    before, after = _group(old), _group(new)
    if not whole:
        before, after = _drop_headers(before), _drop_headers(after)
    both = sorted(before.keys() & after.keys())
    over = set() if whole else {code for code in both if _has_ended(after[code]) and not _has_ended(before[code])}
    tell = _tell_whole if whole else _tell_titles
    changed = (code for code in both if code not in over and before[code] != after[code])
    revised = [code for code in changed if tell(before[code]) != tell(after[code])]
    return Changes(
        added=tuple((code, after[code][0].title) for code in sorted(after.keys() - before.keys())),
        deleted=tuple((code, before[code][0].title) for code in sorted((before.keys() - after.keys()) | over)),
        revised=tuple(Revision(code, before[code][0].title, after[code][0].title) for code in revised),
    )


def fold_title(title: str) -> str:
    """What two titles share that say the same: a release is published in capitals and in small letters."""
    return " ".join(title.lower().split())


def _group(entries: Entries) -> dict[str, list[Entry]]:
    ordered = sorted(entries, key=attrgetter("code"))
    return {code: list(found) for code, found in groupby(ordered, attrgetter("code")) if code}


def _drop_headers(groups: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    return {code: found for code, found in groups.items() if found[0].facts.get("billable") is not False}


def _has_ended(entries: Sequence[Entry]) -> bool:
    return all(entry.ends for entry in entries)


def _tell_titles(entries: Sequence[Entry]) -> list[str]:
    return sorted(fold_title(entry.title) for entry in entries)


def _tell_whole(entries: Sequence[Entry]) -> list[str]:
    return sorted(repr((entry.title, entry.starts, entry.ends, sorted(entry.facts.items()))) for entry in entries)

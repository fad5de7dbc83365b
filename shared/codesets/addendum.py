"""An addendum to an order file, applied: the release before it and its changes give the new release; pure.

Invariant: the counts that the addendum states, of codes and of headers, before and after, are those of the two
releases; anything else is refused, so that an addendum is never applied to a release that it was not made for.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from shared.codesets.entry import Entries, Entry, FileRefused, Reading

STATED = ("headers_before", "headers_after", "codes_before", "codes_after")


def apply_addendum(old: Entries, addendum: Reading, spell: Callable[[str], str]) -> Reading:
    """The release that `addendum` makes of `old`; `spell` writes a code of the addendum as the release does."""
    _require_counts(old, addendum.counts, "before")
    codes = {entry.code: entry for entry in old}
    for line, change in enumerate(addendum.entries, start=1):
        _change(codes, change, spell(change.code), line)
    entries = list(_tell_headers(codes.values()))
    counts = _require_counts(entries, addendum.counts, "after")
    return Reading(addendum.release, entries, counts)


def _change(codes: dict[str, Entry], change: Entry, code: str, line: int) -> None:
    """Carry one row out; a row "revise from" only says what the next one replaces."""
    action = change.facts["action"]
    if (code in codes) == (action == "add"):
        reason = "is added and was there" if action == "add" else "is changed and was not there"
        raise FileRefused(f"a code {reason}: the addendum belongs to another release", line=line)
    if action == "delete":
        del codes[code]
    elif action != "revise from":
        codes[code] = Entry(code, change.title, facts={"billable": True, "short": change.facts["short"]})


def _tell_headers(entries: Iterable[Entry]) -> Iterable[Entry]:
    """A header is what other codes begin with; order files name every complete code."""
    ordered = sorted(entries, key=lambda entry: entry.code.replace(".", ""))
    bare = [entry.code.replace(".", "") for entry in ordered]
    divided = [following.startswith(code) for code, following in pairwise([*bare, "~"])]
    for entry, is_header in zip(ordered, divided, strict=True):
        yield Entry(entry.code, entry.title, entry.starts, entry.ends, {**entry.facts, "billable": not is_header})


def _require_counts(entries: Entries, stated: Mapping[str, int], when: str) -> dict[str, int]:
    codes = sum(entry.facts.get("billable") is True for entry in entries)
    counts = {"codes": codes, "headers": len(entries) - codes}
    for what, count in counts.items():
        expected = stated.get(f"{what}_{when}")
        if expected != count:
            raise FileRefused(f"the release {when} the addendum has {count} {what}, the addendum states {expected}")
    return counts

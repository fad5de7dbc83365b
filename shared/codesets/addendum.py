"""An addendum, to an order file or to the tables of ICD-10-PCS, applied to the release before it; pure.

Invariant: what an addendum says of the release before it is so: the counts of codes and headers that an order addendum
states, before and after, the rows that an addendum to the tables leaves as they are. Anything else is refused, so that
an addendum is never applied to a release that it was not made for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from math import prod

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


def apply_tables_addendum(old: Entries, addendum: Reading) -> Reading:
    """The tables that `addendum` makes of `old`: it has every table that it changes whole."""
    before, changed = _group_rows(old), _group_rows(addendum.entries)
    for code, rows in changed.items():
        there = [axes_of(row) for row in before.get(code, ())]
        if any(row.facts["action"] == "keep" and axes_of(row) not in there for row in rows):
            raise FileRefused(
                f"a row of table {code} that stays was not there: the addendum belongs to another release"
            )
    tables = before | {code: [_drop_action(row) for row in rows] for code, rows in changed.items()}
    entries = [row for code in sorted(tables) for row in tables[code]]
    codes = sum(prod(len(axis) for axis in axes_of(row)) for row in entries)
    return Reading(addendum.release, entries, {"codes": codes, "tables": len(tables), "rows": len(entries)})


def _group_rows(entries: Entries) -> dict[str, list[Entry]]:
    tables: dict[str, list[Entry]] = {}
    for entry in entries:
        tables.setdefault(entry.code, []).append(entry)
    return tables


def axes_of(row: Entry) -> list[Mapping[str, str]]:
    """The characters four to seven of a row of the tables: each value with its label."""
    return [axis for at in "4567" if isinstance(axis := row.facts[f"axis{at}"], Mapping)]


def _drop_action(row: Entry) -> Entry:
    return replace(row, facts={name: fact for name, fact in row.facts.items() if name != "action"})

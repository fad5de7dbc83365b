"""Which elements of a Claim have a place in an 837, one a row of carried.toml; pure.

Place in the flow: `write_claim` asks before it writes. Invariant: an element that the writer does not know stops the
send, so nothing is ever left out of a claim without a word.
"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import TypeAlias

from services.claims.x12.source import Element

# A modifierExtension changes the meaning of its element: it is not among them, so it stops the send.
_SAYS_NOTHING = frozenset({"id", "extension", "text", "display", "version", "userSelected"})
_TABLE = tomllib.loads((files("services.claims.x12") / "carried.toml").read_text(encoding="utf-8"))

_Places: TypeAlias = "dict[str, _Places | None]"
"""The members of an element that have a place: None where all below has one too, else the places below."""

_NOWHERE: _Places = {}


def _plant(paths: Iterable[str]) -> _Places:
    """Make a tree of paths; a path above another one covers it."""
    tree: _Places = {}
    for path in sorted(paths):
        *above, last = path.split(".")
        branch: _Places | None = tree
        for step in above:
            branch = None if branch is None else branch.setdefault(step, {})
        if branch is not None:
            branch[last] = None
    return tree


_PROFESSIONAL, _INSTITUTIONAL = (
    _plant([*_TABLE["both"], *_TABLE[kind], *_TABLE["left_out"]["both"], *_TABLE["left_out"].get(kind, ())])
    for kind in ("professional", "institutional")
)


def find_uncarried(claim: Element, *, is_professional: bool) -> Iterator[str]:
    """Yield the FHIRPath of every element of a Claim that has no place."""
    return _walk(claim, "Claim", _PROFESSIONAL if is_professional else _INSTITUTIONAL)


def _walk(element: Element, path: str, places: _Places) -> Iterator[str]:
    for member, value in element.items():
        below = places.get(member, _NOWHERE)
        if below is None or member in _SAYS_NOTHING or member.startswith("_") or value in (None, [], {}):
            continue
        here = f"{path}.{member}"
        if below is _NOWHERE:
            yield here
        elif isinstance(value, list):
            for position, each in enumerate(value):
                yield from _walk(each, f"{here}[{position}]", below)
        elif isinstance(value, dict):
            yield from _walk(value, here, below)

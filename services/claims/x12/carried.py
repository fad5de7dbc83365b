"""Which elements of a Claim have a place in an 837, one a row of carried.toml; pure.

Place in the flow: `write_claim` asks before it writes. Invariant: an element that the writer does not know stops the
send, so nothing is ever left out of a claim without a word.
"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.resources import files

from services.claims.x12.source import Element

# A modifierExtension changes the meaning of its element: it is not among them, so it stops the send.
_SAYS_NOTHING = frozenset({"id", "extension", "text", "display", "version", "userSelected"})
_TABLE = tomllib.loads((files("services.claims.x12") / "carried.toml").read_text(encoding="utf-8"))
_PROFESSIONAL, _INSTITUTIONAL = (
    frozenset([*_TABLE["both"], *_TABLE[kind], *_TABLE["left_out"]["both"], *_TABLE["left_out"].get(kind, ())])
    for kind in ("professional", "institutional")
)


def _prefixes(paths: Iterable[str]) -> frozenset[str]:
    """The paths that lead to one of `paths`."""
    steps = (path.split(".") for path in paths)
    return frozenset(".".join(step[:length]) for step in steps for length in range(1, len(step)))


_TABLES = {
    True: (_PROFESSIONAL, _prefixes(_PROFESSIONAL)),
    False: (_INSTITUTIONAL, _prefixes(_INSTITUTIONAL)),
}


def find_uncarried(claim: Element, *, is_professional: bool) -> Iterator[str]:
    """Yield the FHIRPath of every element of a Claim that has no place."""
    yield from _walk(claim, "Claim", "", *_TABLES[is_professional])


def _walk(element: Element, path: str, name: str, carried: frozenset[str], on_the_way: frozenset[str]) -> Iterator[str]:
    for member, value in element.items():
        plain = f"{name}.{member}".lstrip(".")
        if member in _SAYS_NOTHING or member.startswith("_") or plain in carried or value in (None, [], {}):
            continue
        here = f"{path}.{member}"
        if plain not in on_the_way:
            yield here
        elif isinstance(value, list):
            for position, each in enumerate(value):
                yield from _walk(each, f"{here}[{position}]", plain, carried, on_the_way)
        elif isinstance(value, dict):
            yield from _walk(value, here, plain, carried, on_the_way)

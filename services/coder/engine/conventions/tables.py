"""Reads the tables of the conventions: tab-separated rows of code prefixes, with named groups and comments.

Invariant: a table is read once a process, and a code's row is found by its longest prefix.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources

from shared.codesets.cache import hash_content

Row = dict[str, str]


@cache
def read_table(name: str) -> tuple[Row, ...]:
    """The rows of `name` by column. "#" begins a comment; "@name = codes" defines a group that cells may use."""
    lines = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    groups: dict[str, str] = {}
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("@") and " = " in line:
            group, _, codes = line.partition(" = ")
            groups[group] = codes
        elif line and not line.startswith("#"):
            rows.append([_expand(cell, groups) for cell in line.split("\t")])
    columns, *cells = rows
    return tuple(dict(zip(columns, row, strict=True)) for row in cells)


def _expand(cell: str, groups: Mapping[str, str]) -> str:
    return " ".join(groups.get(word, word) for word in cell.split(" ")) if "@" in cell else cell


@cache
def hash_tables() -> str:
    """The hash of all tables, for the version of the engine that used them."""
    files = sorted(resources.files(__package__).iterdir(), key=lambda file: file.name)
    return hash_content(*(file.read_bytes() for file in files if file.name.endswith(".tsv")))


class PrefixMap:
    """Finds the value for the longest prefix of a code."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._lengths = sorted({len(prefix) for prefix in values}, reverse=True)

    def get(self, code: str) -> str | None:
        """The value of the longest prefix of `code`, None when no prefix is known."""
        found = (self._values.get(code[:length]) for length in self._lengths if length <= len(code))
        return next((value for value in found if value is not None), None)

    def items(self) -> Iterator[tuple[str, str]]:
        """Every prefix with its value."""
        yield from self._values.items()


@cache
def load_prefix_map(name: str) -> PrefixMap:
    """A table of two columns, code prefixes and what they become, as a map."""
    rows = (tuple(row.values()) for row in read_table(name))
    return PrefixMap({prefix: value for prefixes, value in rows for prefix in prefixes.split()})


def categories_of(codes: Iterable[str]) -> frozenset[str]:
    """The 3-character categories of codes or prefixes."""
    return frozenset(code[:3] for code in codes)

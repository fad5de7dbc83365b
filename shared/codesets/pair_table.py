"""The NCCI pairs of one release, packed: sorted numbers in one piece of memory, which may be a mapped file.

Place in the flow: the claims service keeps a release's table in a file of the cache and maps it, so that a start reads
nothing and processes share it. Invariant: rows are in order of (column 1, column 2), and a look-up makes only what it
finds. A practitioner release has millions of pairs: as objects gigabytes, here 17 bytes each.
"""

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

_HEAD = struct.Struct("=8sQ")
_MAGIC = b"CLPAIRS1"
_CODE_LENGTH = 5
_RADIX = 36
_SECOND: int = _RADIX**_CODE_LENGTH
_NO_CODE = -1
_CODES_KEPT = 20_000


class PairRow(NamedTuple):
    """A pair and the first and last day on which it holds; `modifier` is its indicator: 0, 1 or 9."""

    column1: str
    column2: str
    starts: date
    ends: date
    modifier: str


class PairTable:
    """A packed release; raises ValueError for bytes that are no whole table."""

    def __init__(self, packed: bytes | memoryview) -> None:
        view = memoryview(packed)
        magic, rows = _HEAD.unpack_from(view) if len(view) >= _HEAD.size else (b"", 0)
        if magic != _MAGIC or len(view) != _HEAD.size + 17 * rows:
            raise ValueError("not a whole table of pairs")
        body, self._rows = view[_HEAD.size :], int(rows)
        self._keys = body[: 8 * rows].cast("Q")
        self._starts = body[8 * rows : 12 * rows].cast("I")
        self._ends = body[12 * rows : 16 * rows].cast("I")
        self._modifiers = body[16 * rows :]
        self._spans = dict(self._divide())

    def __len__(self) -> int:
        return self._rows

    def begins(self, column1: str) -> bool:
        """Whether the code is column 1 of any row."""
        return _number(column1) in self._spans

    def find(self, column1: str, column2: str) -> list[PairRow]:
        """The rows of a pair, in the order of their file; codes that are none have no rows."""
        one, two = _number(column1), _number(column2)
        first, last = self._spans.get(one, (0, 0))
        key = one * _SECOND + two
        at = bisect_left(self._keys, key, first, last)
        if at == last or self._keys[at] != key:
            return []
        found = takewhile(lambda at: self._keys[at] == key, range(at, last))
        return [PairRow(column1, column2, *self._read(at)) for at in found]

    def _divide(self) -> Iterator[tuple[int, tuple[int, int]]]:
        """Where each column 1 code's rows begin and end: most services of a claim begin no pair at all."""
        first = 0
        while first < self._rows:
            one = self._keys[first] // _SECOND
            last = bisect_left(self._keys, (one + 1) * _SECOND, first)
            yield one, (first, last)
            first = last

    def _read(self, at: int) -> tuple[date, date, str]:
        return date.fromordinal(self._starts[at]), date.fromordinal(self._ends[at]), chr(self._modifiers[at])


class PairPacker:
    """Packs rows that come in order of (column 1, column 2), a few at a time."""

    def __init__(self) -> None:
        self._keys, self._starts, self._ends = array("Q"), array("I"), array("I")
        self._modifiers = bytearray()

    def add(self, row: PairRow) -> None:
        """Add a row; raises ValueError when it is out of order, or has no codes."""
        one, two = _number(row.column1), _number(row.column2)
        key = one * _SECOND + two
        if one == _NO_CODE or two == _NO_CODE:
            raise ValueError("a pair is two codes of five characters")
        if self._keys and key < self._keys[-1]:
            raise ValueError("pairs are packed in order of column 1 and column 2")
        self._keys.append(key)
        self._starts.append(row.starts.toordinal())
        self._ends.append(row.ends.toordinal())
        self._modifiers += row.modifier.encode()

    def pack(self) -> bytes:
        """The packed table of what was added."""
        head = _HEAD.pack(_MAGIC, len(self._keys))
        return b"".join([head, self._keys, self._starts, self._ends, self._modifiers])


def pack_pairs(rows: Iterable[PairRow]) -> bytes:
    """Pack rows that come in order of (column 1, column 2); raises ValueError for other orders and for no codes."""
    packer = PairPacker()
    for row in rows:
        packer.add(row)
    return packer.pack()


@lru_cache(maxsize=_CODES_KEPT)
def _number(code: str) -> int:
    """A code of five letters and digits as a number, in the order of their text; what is none is before them all."""
    try:
        return int(code, _RADIX) if len(code) == _CODE_LENGTH else _NO_CODE
    except ValueError:
        return _NO_CODE

"""Keeps packed tables as files in the user's cache folder and maps them into memory.

Invariant: a file is written whole under a name of what it was made of, so it is never stale; where none can be kept,
the table stays in memory and answers the same.
"""

import mmap
from contextlib import suppress
from pathlib import Path

from shared.codesets.cache import cache_folder, write_whole


def map_file(name: str, key: str) -> memoryview | None:
    """The file kept as `name` under `key`, mapped; None when there is none."""
    with suppress(OSError, ValueError), _path(name, key).open("rb") as file:
        # The mapping lives as long as the view does, and needs the open file no longer.
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return None


def keep_file(name: str, key: str, content: bytes) -> memoryview:
    """Keep `content` and return it mapped, or as it is where no file can be written."""
    with suppress(OSError):
        write_whole(_path(name, key), content)
        return map_file(name, key) or memoryview(content)
    return memoryview(content)


def _path(name: str, key: str) -> Path:
    return cache_folder() / f"{name}-{key}.bin"

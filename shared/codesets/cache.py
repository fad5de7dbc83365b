"""Keeps what is slow to derive from a code set's source in the user's cache folder, keyed by the source's content.

Invariant: a cached value is only ever what `build` returned for the same key; a missing, unreadable or torn file costs
time and never changes an answer.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import orjson

T = TypeVar("T")


def cache_folder() -> Path:
    """Where derived data lives: `CHARTLINE_CACHE_DIR`, else `XDG_CACHE_HOME/chartline`, else `~/.cache/chartline`."""
    if named := os.environ.get("CHARTLINE_CACHE_DIR"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chartline"


def hash_content(*parts: bytes) -> str:
    """A short hex digest over `parts`; their boundaries count."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:20]


def load_or_build(name: str, key: str, build: Callable[[], T]) -> T:
    """Return the JSON value cached as `name` under `key`, building and storing it when there is none.

    `build` must return plain JSON values (no tuples, no int keys), so that a cached value equals a built one.
    """
    path = cache_folder() / f"{name}-{key}.json"
    with suppress(OSError, orjson.JSONDecodeError):
        cached: T = orjson.loads(path.read_bytes())
        return cached
    value = build()
    with suppress(OSError):
        write_whole(path, orjson.dumps(value))
    return value


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers see all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)

"""Small facts that a later start needs again: a port, a password, a cluster id. One file each, readable to us alone."""

import os
from collections.abc import Callable
from pathlib import Path


def remember(path: Path, value: str) -> str:
    """Write `value` to `path` with mode 0600 and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    return value


def recall(path: Path) -> str | None:
    """Read what was remembered at `path`, or None."""
    return path.read_text() if path.exists() else None


def recall_or(path: Path, make: Callable[[], str]) -> str:
    """Read what was remembered at `path`; the first time, remember what `make` returns."""
    return recall(path) or remember(path, make())

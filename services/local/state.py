"""The folder in which the local stack keeps everything: `.chartline/` in the working folder unless told otherwise.

Invariant: one stack at a time uses a state folder; a second one is refused before it touches anything.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.local.errors import LocalStackError

DEFAULT_FOLDER = Path(".chartline")


class StateFolder:
    """Where each part of the stack keeps what it keeps."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.logs = self.root / "logs"
        self.postgres = self.root / "postgres"
        self.kafka = self.root / "kafka"
        self.day = self.root / "hospital-day"
        self.seed = self.root / "seed"
        self.variables = self.root / "env"
        self.signing_key = self.root / "signing-key.pem"
        self.verification_keys = self.root / "verification-keys.json"

    def log_of(self, name: str) -> Path:
        """The log file of a child process."""
        return self.logs / f"{name}.log"

    def forget_logs(self) -> None:
        """Remove the logs of the run before."""
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir()

    def forget_kafka(self) -> None:
        """Remove what the Kafka node stored; it starts empty."""
        shutil.rmtree(self.kafka / "data", ignore_errors=True)


@contextmanager
def hold_state(root: Path) -> Iterator[StateFolder]:
    """Create the state folder and hold it for this process; raises LocalStackError when another one has it."""
    state = StateFolder(root)
    state.logs.mkdir(parents=True, exist_ok=True)
    with (state.root / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalStackError(f"{state.root} is in use by process {lock.read()}; stop that one first") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield state

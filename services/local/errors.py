"""What can go wrong on this machine, outside the services: every message ends with the fix."""

from pathlib import Path

from shared.contracts.errors import ChartlineError


class LocalStackError(ChartlineError):
    """A part of the local stack cannot run here."""

    code = "local-stack"


class ChildFailed(LocalStackError):
    """A child process ended, or never became ready; `log_tail` holds the last lines it wrote."""

    code = "child-failed"

    def __init__(self, message: str, *, log: Path, log_tail: tuple[str, ...]) -> None:
        super().__init__(message)
        self.log = log
        self.log_tail = log_tail

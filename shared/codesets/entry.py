"""What every reader makes of an official file: a release, which is a list of entries.

Place in the flow: `readers` make them, `store` keeps them, `book` and `changes` read them. Invariant: an entry says one
thing of one code, and `facts` holds only plain JSON values; money is a decimal in a string.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeAlias

from shared.contracts.errors import InvalidContent

Fact: TypeAlias = str | int | bool | Sequence[str] | Mapping[str, str]


class FileRefused(InvalidContent):
    """A code-set file that is truncated, or is not what it was said to be. Nothing of it is used."""

    code = "code-set-file-refused"

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        """`reason` never repeats the file's text, which may be licensed; `line` counts from 1."""
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a release says of `code`; `starts` and `ends` are the first and last day on which it holds."""

    code: str
    title: str = ""
    starts: date | None = None
    ends: date | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


class Entries(Protocol):
    """All entries of a release, in the order of its file: a list, or read from the file each time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Entry]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read. `release` is the file's own name of it, or empty; `counts` has at least `codes`."""

    release: str
    entries: Entries
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, out of its zip. `companions` are the texts that lay beside it in the zip and state its counts.

    `excerpt` says that a part was given on purpose, so that the end of the file proves nothing.
    """

    name: str
    content: bytes
    companions: Mapping[str, bytes] = field(default_factory=dict)
    excerpt: bool = False

    def lines(self, encoding: str = "latin-1") -> list[str]:
        """The lines without their ends; a file that stops within a line is refused."""
        if not self.content:
            raise FileRefused("the file is empty", line=1)
        if b"\0" in self.content[:4096]:
            raise FileRefused("this is not a text file", line=1)
        text = self._decode(encoding)
        lines = text.replace("\r\n", "\n").split("\n")
        if lines.pop():
            raise FileRefused("the file ends within a line: it is truncated", line=len(lines) + 1)
        return lines

    def _decode(self, encoding: str) -> str:
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError as error:
            raise FileRefused(
                f"the text is not {encoding}", line=self.content.count(b"\n", 0, error.start) + 1
            ) from None


Reader: TypeAlias = Callable[[SourceFile], Reading]


def read_day(text: str, line: int, *, form: str = "%Y%m%d") -> date | None:
    """A day as official files write it; empty is None."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        raise FileRefused(f"a date does not have the form {form}", line=line) from None


def require_last(entries: Sequence[Entry], first_letter: str, source: SourceFile) -> None:
    """Refuse a list that stops before the section `first_letter`, with which the whole file ends."""
    if not source.excerpt and (not entries or not entries[-1].code.startswith(first_letter)):
        raise FileRefused(f"the list stops before its last section, {first_letter}: it is truncated", line=len(entries))

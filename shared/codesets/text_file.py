"""A text that may be larger than memory: read line by line, from its beginning as often as it is asked for.

Place in the flow: `opening` makes them of what the user names, and readers of kinds that come in parts read them.
Invariant: a text that stops within a line, or whose zip does, raises FileRefused where it stops, never just ends.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, BytesIO, RawIOBase, TextIOWrapper
from typing import IO, cast
from zlib import error as ZlibError  # noqa: N812 - zlib names its one exception in lower case

from shared.codesets.entry import FileRefused, SourceFile

_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class TextFile:
    """One text, out of its zip; `excerpt` says that a part was given on purpose."""

    name: str
    open: Callable[[], IO[bytes]]
    excerpt: bool = False

    def lines(self) -> Iterator[str]:
        """The lines, as Latin-1 and without their ends; raises FileRefused at a line that is not whole."""
        number = 0
        try:
            # A member of a zip reads slowly by the line, and can do what a buffer asks of it.
            buffered = BufferedReader(cast("RawIOBase", self.open()), _BUFFER_BYTES)
            with TextIOWrapper(buffered, "latin-1", newline="\n") as text:
                for number, line in enumerate(text, start=1):
                    if number == 1 and "\0" in line:
                        raise FileRefused("this is not a text file", line=1)
                    if not line.endswith("\n"):
                        raise FileRefused("the file ends within a line: it is truncated", line=number)
                    yield line.rstrip("\r\n")
        except (zipfile.BadZipFile, EOFError, ZlibError):
            raise FileRefused("the zip is truncated or damaged", line=number + 1) from None
        if not number:
            raise FileRefused("the file is empty", line=1)


def read_from_memory(source: SourceFile) -> TextFile:
    """A file that was read whole already, as a text."""
    return TextFile(source.name, lambda: BytesIO(source.content), source.excerpt)

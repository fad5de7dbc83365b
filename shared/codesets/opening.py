"""Opens what the user names: a file as published, or the zip that it is published in.

Invariant: of a zip the one member is read that the kind's pattern finds, a text before a worksheet, and of a kind that
is published in parts all of them. A part on purpose says so, in its name (`*.excerpt.*`) or by the caller.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO
from zlib import error as ZlibError  # noqa: N812 - zlib names its one exception in lower case

from shared.codesets.entry import FileRefused, Reading, SourceFile
from shared.codesets.kinds import Kind
from shared.codesets.readers.sheet import is_sheet
from shared.codesets.text_file import TextFile

_LARGEST = 512 * 1024 * 1024
_ZIP = b"PK"
_COMPANION = ".txt"
_PREFERENCE = (".txt", ".xml", ".csv", ".xlsx")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read: its name without folders, the SHA-256 of its bytes as given, and what is in it."""

    name: str
    sha256: str
    reading: Reading


def read_release(kind: Kind, *paths: Path, excerpt: bool = False) -> Opened:
    """Read `paths`, the parts of one release, as `kind`; raises FileRefused, and OSError when one cannot be opened."""
    if kind.read_parts is not None:
        return _read_parts(kind, kind.read_parts, paths, excerpt=excerpt)
    if len(paths) > 1:
        raise FileRefused(f"a release of {kind.name} is one file")
    content = paths[0].read_bytes()
    source = _find_source(kind, paths[0].name, content, excerpt=_is_excerpt(paths[0], excerpt))
    return Opened(source.name, hashlib.sha256(content).hexdigest(), kind.read_source(source))


def _read_parts(
    kind: Kind, read: Callable[[Sequence[TextFile]], Reading], paths: Sequence[Path], *, excerpt: bool
) -> Opened:
    opened = [(_find_texts(kind, path, excerpt=_is_excerpt(path, excerpt)), path) for path in paths]
    opened.sort(key=lambda each: each[0][0].name)
    parts = [part for parts, _ in opened for part in parts]
    reading = kind.check(read(parts), excerpt=any(part.excerpt for part in parts))
    # The same parts are the same release, in whatever order they were named.
    sha256s = [_hash_file(path) for _, path in opened]
    return Opened(
        " ".join(part.name for part in parts), sha256s[0] if len(paths) == 1 else hash_parts(sha256s), reading
    )


def hash_parts(sha256s: Sequence[str]) -> str:
    """The SHA-256 of what was made of several files, by theirs."""
    return hashlib.sha256("".join(sha256s).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_excerpt(path: Path, excerpt: bool) -> bool:
    return excerpt or ".excerpt." in path.name


def recognise_release(kinds: Sequence[Kind], *paths: Path, excerpt: bool = False) -> tuple[Kind, Opened]:
    """Read `paths` as the first of `kinds` that they are; raises the refusal of the one that came furthest."""
    refusals: list[FileRefused] = []
    for kind in kinds:
        try:
            return kind, read_release(kind, *paths, excerpt=excerpt)
        except FileRefused as refusal:
            refusals.append(refusal)
    raise max(refusals, key=lambda refusal: refusal.line or 0)


def list_others(kinds: Sequence[Kind], taken: Kind, path: Path) -> list[str]:
    """Which of `kinds`, beside the one that was taken from it, the zip at `path` has files of by their names."""
    if not zipfile.is_zipfile(path):
        return []
    with _open_zip(path) as archive:
        names = archive.namelist()
    return [kind.name for kind in kinds if kind is not taken and any(map(kind.matches, names))]


def _find_source(kind: Kind, name: str, content: bytes, *, excerpt: bool) -> SourceFile:
    if not content.startswith(_ZIP) or is_sheet(content):
        _require_zip(name, content)
        return SourceFile(name, content, excerpt=excerpt)
    with _open_zip(BytesIO(content)) as archive:
        found = _find_members(kind, archive)
        if len(found) > 1:
            raise FileRefused(
                f"{len(found)} files in the zip have names of a {kind.name} file; load one of them unzipped"
            )
        names = [name for name in archive.namelist() if name.endswith(_COMPANION) and name not in found]
        beside = {name: archive.read(name) for name in names}
        return SourceFile(PurePosixPath(found[0]).name, archive.read(found[0]), beside, excerpt)


def _find_texts(kind: Kind, path: Path, *, excerpt: bool) -> list[TextFile]:
    """The texts of one file: itself, or the parts in a zip."""
    with path.open("rb") as file:
        begin = file.read(len(_ZIP))
    if begin != _ZIP:
        _require_zip(path.name, begin)
        return [TextFile(path.name, lambda: path.open("rb"), excerpt)]
    with _open_zip(path) as archive:
        found = _find_members(kind, archive)
    return [TextFile(PurePosixPath(name).name, partial(_open_member, path, name), excerpt) for name in found]


def _open_member(path: Path, name: str) -> IO[bytes]:
    # The member keeps the file open, and closes it.
    with zipfile.ZipFile(path) as archive:
        return archive.open(name)


def _require_zip(name: str, content: bytes) -> None:
    if not content.startswith(_ZIP) and name.lower().endswith((".zip", ".xlsx")):
        raise FileRefused("not a zip, though its name says so")


@contextmanager
def _open_zip(file: Path | BytesIO) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST:
                raise FileRefused(f"the zip unpacks to more than {_LARGEST} bytes")
            yield archive
    except (zipfile.BadZipFile, EOFError, ZlibError):
        raise FileRefused("the zip is truncated or damaged") from None


def _find_members(kind: Kind, archive: zipfile.ZipFile) -> list[str]:
    """The members that are files of the kind, in the format that is taken first."""
    found = sorted(filter(kind.matches, archive.namelist()), key=_rank)
    if not found:
        raise FileRefused(f"no file in the zip has a name of a {kind.name} file")
    return [name for name in found if _rank(name) == _rank(found[0])]


def _rank(name: str) -> int:
    suffix = PurePosixPath(name).suffix.lower()
    return _PREFERENCE.index(suffix) if suffix in _PREFERENCE else len(_PREFERENCE)

"""Opens what the user names: a file as published, or the zip that it is published in.

Invariant: exactly one member of a zip is read, the one that the kind's pattern finds; a text is taken before a
worksheet. A part on purpose says so, in its name (`*.excerpt.*`) or by the caller.
"""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from zlib import error as ZlibError  # noqa: N812 - zlib names its one exception in lower case

from shared.codesets.entry import FileRefused, Reader, Reading, SourceFile
from shared.codesets.kinds import Kind
from shared.codesets.readers.sheet import is_sheet

_LARGEST = 512 * 1024 * 1024
_COMPANION = (".txt",)
_PREFERENCE = (".txt", ".xml", ".csv", ".xlsx")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read: its name without folders, the SHA-256 of its bytes as given, and what is in it."""

    name: str
    sha256: str
    reading: Reading


def read_release(kind: Kind, *paths: Path, excerpt: bool = False) -> Opened:
    """Read `paths`, the parts of one release, as `kind`; raises FileRefused, and OSError when one cannot be opened."""
    if kind.join is None:
        if len(paths) > 1:
            raise FileRefused(f"a release of {kind.name} is one file")
        return _read_file(kind, paths[0], kind.read_source, excerpt=excerpt)
    parts = sorted((_read_file(kind, path, kind.read, excerpt=excerpt) for path in paths), key=lambda part: part.name)
    whole = excerpt or any(".excerpt." in path.name for path in paths)
    joined = parts[0].reading if whole and len(parts) == 1 else kind.join([(part.name, part.reading) for part in parts])
    # The same parts are the same release, in whatever order they were named.
    sha256 = parts[0].sha256 if len(parts) == 1 else hash_parts([part.sha256 for part in parts])
    return Opened(" ".join(part.name for part in parts), sha256, kind.check(joined, excerpt=whole))


def hash_parts(sha256s: Sequence[str]) -> str:
    """The SHA-256 of what was made of several files, by theirs."""
    return hashlib.sha256("".join(sha256s).encode()).hexdigest()


def _read_file(kind: Kind, path: Path, read: Reader, *, excerpt: bool) -> Opened:
    content = path.read_bytes()
    source = _find_source(kind, path.name, content, excerpt=excerpt or ".excerpt." in path.name)
    return Opened(source.name, hashlib.sha256(content).hexdigest(), read(source))


def recognise_release(kinds: Sequence[Kind], *paths: Path, excerpt: bool = False) -> tuple[Kind, Opened]:
    """Read `paths` as the first of `kinds` that they are; raises the refusal of the one that came furthest."""
    refusals: list[FileRefused] = []
    for kind in kinds:
        try:
            return kind, read_release(kind, *paths, excerpt=excerpt)
        except FileRefused as refusal:
            refusals.append(refusal)
    raise max(refusals, key=lambda refusal: refusal.line or 0)


def _find_source(kind: Kind, name: str, content: bytes, *, excerpt: bool) -> SourceFile:
    if not content.startswith(b"PK") or is_sheet(content):
        if not content.startswith(b"PK") and name.lower().endswith((".zip", ".xlsx")):
            raise FileRefused("not a zip, though its name says so")
        return SourceFile(name, content, excerpt=excerpt)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _read_member(kind, archive, excerpt=excerpt)
    except (zipfile.BadZipFile, EOFError, ZlibError):
        raise FileRefused("the zip is truncated or damaged") from None


def _read_member(kind: Kind, archive: zipfile.ZipFile, *, excerpt: bool) -> SourceFile:
    if sum(member.file_size for member in archive.infolist()) > _LARGEST:
        raise FileRefused(f"the zip unpacks to more than {_LARGEST} bytes")
    found = sorted(filter(kind.matches, archive.namelist()), key=_rank)
    if not found:
        raise FileRefused(f"no file in the zip has a name of a {kind.name} file")
    if len(found) > 1 and _rank(found[0]) == _rank(found[1]):
        raise FileRefused(f"{len(found)} files in the zip have names of a {kind.name} file; load one of them unzipped")
    beside = {name: archive.read(name) for name in archive.namelist() if name.endswith(_COMPANION) and name != found[0]}
    return SourceFile(PurePosixPath(found[0]).name, archive.read(found[0]), beside, excerpt)


def _rank(name: str) -> int:
    suffix = PurePosixPath(name).suffix.lower()
    return _PREFERENCE.index(suffix) if suffix in _PREFERENCE else len(_PREFERENCE)

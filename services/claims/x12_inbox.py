"""The folder in which a payer leaves its answers: 999, 277CA and 835, read once and then moved aside.

Place in the flow: one round after the other for each payer of channel x12; `service.files` applies what is read.
Invariants: a file is moved only after what it says is committed, so a crash costs a repetition, which its content
tells; a file that is still being written is left alone; one that cannot be read stops no other, and goes to
`quarantine` with the reason and the place beside it.
"""

import asyncio
import hashlib
import json
import time
from pathlib import Path

from services.claims.claim import PayerId
from services.claims.service.files import FileOutcome, FileService
from services.claims.store.x12_store import ReadFile
from services.claims.x12 import X12Partner
from shared.telemetry.logging import get_logger

DONE, QUARANTINE = "done", "quarantine"
TOO_LARGE = "file-too-large"
_LARGEST_BYTES = 64 * 1024 * 1024
_UNFINISHED_NAMES = (".tmp", ".part", ".filepart", ".writing")
_log = get_logger(__name__)


class X12Inbox:
    """The inbound folder of one payer."""

    def __init__(self, payer_id: PayerId, partner: X12Partner, files: FileService) -> None:
        self.name = f"x12-inbox/{payer_id}"
        self._payer_id = payer_id
        self._folder = partner.inbound
        self._settle_seconds = partner.settle_seconds
        self._files = files

    async def read_files(self) -> int:
        """Read every file that is there and whole; returns how many were moved aside."""
        found = await asyncio.to_thread(_list_files, self._folder)
        moved = 0
        for path in found:
            try:
                moved += await self._read_one(path)
            except OSError as error:
                _log.warning("x12-file-not-read", lane=self.name, error_class=type(error).__name__)
        return moved

    async def _read_one(self, path: Path) -> bool:
        name = path.name.encode(errors="replace").decode()
        size = (await asyncio.to_thread(path.stat)).st_size
        if size > _LARGEST_BYTES:
            sha256 = await asyncio.to_thread(_digest, path)
            file = await self._files.refuse_file(self._payer_id, name, sha256, TOO_LARGE)
            await asyncio.to_thread(_put_aside, path, FileOutcome.QUARANTINED, file)
            return True
        content = await asyncio.to_thread(path.read_bytes)
        if not _is_whole(content) and await asyncio.to_thread(_age_seconds, path) < self._settle_seconds:
            return False
        outcome, file = await self._files.receive_file(self._payer_id, name, content)
        await asyncio.to_thread(_put_aside, path, outcome, file)
        return True


def _list_files(folder: Path) -> list[Path]:
    """Files in order of their names; hidden and unfinished ones are still being written."""
    if not folder.is_dir():
        return []
    usable = (each for each in folder.iterdir() if each.is_file() and not each.is_symlink())
    return sorted(
        each for each in usable if not each.name.startswith(".") and not each.name.lower().endswith(_UNFINISHED_NAMES)
    )


def _is_whole(content: bytes) -> bool:
    """Tell whether the last segment is the end of an interchange."""
    return b"IEA" in content[-64:]


def _age_seconds(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put_aside(path: Path, outcome: FileOutcome, file: ReadFile) -> None:
    """Move a file out of the way. Its hash in the name keeps files apart that a payer gives one name."""
    is_bad = file.reason is not None
    folder = path.parent / (QUARANTINE if is_bad else DONE)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{file.sha256[:12]}-{path.name}"
    if is_bad:
        said = {"file": file.name, "sha256": file.sha256, "reason": file.reason, "place": file.place}
        (folder / f"{target.name}.reason.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    path.replace(target)

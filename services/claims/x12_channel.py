"""The way to a payer that takes files: each claim is one 837 in the payer's folder, exactly once.

Place in the flow: an X12 lane drives it; `service.files` fixes and stores what is in the file.
Invariants: a file appears in the folder whole, by a rename, and once: it is staged beside the folder (written, synced,
recorded) and then moved. Whoever takes over after a crash moves what still lies there, and writes nothing again: what
is not there any more has been moved, and the payer may have taken it already.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from services.claims.payer_channel import AttemptEnd, ChannelDown
from services.claims.payers import PayerProfile
from services.claims.schedule import Outcome
from services.claims.service.files import FileService
from services.claims.store import AttemptReport, TakenClaim
from services.claims.store.x12_store import OutgoingFile
from services.claims.x12 import X12Partner
from shared.contracts.errors import InvalidContent

STAGING = ".staging"
"""Beside the folder's files and on the same file system, so that moving is one step. Nobody looks at hidden folders."""
ALREADY_OUT = "already-out"


@asynccontextmanager
async def open_x12_channel(files: FileService, profile: PayerProfile) -> AsyncIterator["X12Channel"]:
    """Open the way to the payer of a profile of channel x12."""
    assert profile.x12 is not None  # noqa: S101 - the profile was checked when it was read
    yield X12Channel(files, profile.x12)


class X12Channel:
    """The folder of one payer."""

    def __init__(self, files: FileService, partner: X12Partner) -> None:
        self._files = files
        self._outbound = partner.outbound

    async def make_ready(self) -> None:
        """See that there is a folder to write to; raises ChannelDown."""
        try:
            await asyncio.to_thread(_make_staging, self._outbound)
        except OSError as error:
            raise ChannelDown(_reason(error)) from None

    async def submit(self, claim: TakenClaim) -> AttemptEnd:
        """Put the claim's file into the folder, unless it was there before."""
        try:
            file = await self._files.stage_file(claim, _stage)
            if file.is_released:
                return AttemptEnd(AttemptReport(Outcome.DELIVERED, 0, reason=ALREADY_OUT))
            await asyncio.to_thread(_release, file)
        except InvalidContent:
            return AttemptEnd(AttemptReport(Outcome.REFUSED, 0, reason="x12-not-carried"))
        except OSError as error:
            return AttemptEnd(AttemptReport(Outcome.FAILED, 1, reason=_reason(error)))
        await self._files.mark_released(claim.claim_id)
        return AttemptEnd(AttemptReport(Outcome.DELIVERED, 1))


async def _stage(file: OutgoingFile) -> None:
    await asyncio.to_thread(_write, file)


def _make_staging(outbound: Path) -> None:
    (outbound / STAGING).mkdir(mode=0o700, exist_ok=True)


def _write(file: OutgoingFile) -> None:
    """Write the file whole and durable; a half one of an earlier crash is overwritten."""
    _make_staging(file.folder)
    place = file.folder / STAGING / file.name
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.body)
        stream.flush()
        os.fsync(stream.fileno())
    _sync(place.parent)


def _release(file: OutgoingFile) -> None:
    """Move the file into its folder; one that is not beside it was moved before."""
    with suppress(FileNotFoundError):
        os.rename(file.folder / STAGING / file.name, file.folder / file.name)
    _sync(file.folder / STAGING)
    _sync(file.folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    """A code for operators: the name of the error, without the path."""
    return f"folder-{type(error).__name__}"

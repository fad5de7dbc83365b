"""Finds the release that a person names: `hcpcs@2026-01-01`, `icd10cm-order@packaged`, or a file.

Invariant: a name means one release or is refused; a file is read and never stored.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from services.codesets.pairs import compare_pairs
from shared.codesets.book import EVER
from shared.codesets.changes import Changes, compare_releases
from shared.codesets.entry import Entries, Entry, FileRefused
from shared.codesets.kinds import KINDS, Kind, Role
from shared.codesets.opening import read_release
from shared.codesets.packaged import packaged_shelves
from shared.codesets.store import Release, list_releases, read_entries
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool

PACKAGED = "packaged"


@dataclass(frozen=True, slots=True)
class Named:
    """A release that was named, with its entries; what comes with Chartline is effective from the beginning of time."""

    kind: Kind
    effective: date
    entries: Entries


def find_kinds(name: str) -> list[Kind]:
    """The kind with this name, or those of a family, such as icd10pcs or mue; raises NotFound."""
    found = [KINDS[name]] if name in KINDS else [kind for kind in KINDS.values() if name in kind.name.split("-")]
    if not found:
        raise NotFound(f"no kind has that name; there are {', '.join(KINDS)}")
    return found


def find_kind(name: str) -> Kind:
    """The kind with this name; raises NotFound with the names there are."""
    if name not in KINDS:
        raise NotFound(f"no kind has that name; there are {', '.join(KINDS)}")
    return KINDS[name]


def read_named_file(kind: Kind, path: Path) -> Named:
    """A release in a file; its day is not in it, so it counts as in force from the beginning."""
    return Named(kind, EVER, read_release(kind, path).reading.entries)


async def read_changes(pool: Pool, old: str, new: str) -> Changes:
    """What the later of two named releases changes; of NCCI pairs both must be loaded."""
    if find_kind(old.partition("@")[0]).read_parts is not None:
        before, after = await find_release(pool, old), await find_release(pool, new)
        async with pool.acquire() as connection, connection.transaction(readonly=True):
            return await compare_pairs(connection, before, after)
    return compare_named(await read_named(pool, old), await read_named(pool, new))


def compare_named(before: Named, after: Named) -> Changes:
    """What the later of two releases changes."""
    return compare_releases(before.entries, after.entries, whole=after.kind.role is not Role.CODES)


async def read_named(pool: Pool, reference: str) -> Named:
    """The release with this name, loaded or packaged; raises as `find_release` does."""
    name, _, day = reference.partition("@")
    kind = find_kind(name)
    return (
        read_packaged(kind) if day == PACKAGED else await read_stored(pool, kind, await find_release(pool, reference))
    )


async def find_release(pool: Pool, reference: str) -> Release:
    """The release in force on the day after the `@`; raises NotFound, FileRefused for another form of name."""
    name, _, day = reference.partition("@")
    kind = find_kind(name)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise FileRefused("name a release as KIND@YYYY-MM-DD, KIND@packaged, or give --kind and a file") from None
    found = [each for each in await list_releases(pool) if each.kind == kind.name and each.effective <= on]
    if not found:
        raise NotFound(f"no release of {kind.name} is loaded that was in force on {on}")
    return found[-1]


async def read_stored(pool: Pool, kind: Kind, release: Release) -> Named:
    """A loaded release with its entries."""
    return Named(kind, release.effective, await read_entries(pool, release.release_id))


def read_packaged(kind: Kind) -> Named:
    """What comes with Chartline of the kind's system; raises NotFound when that is nothing."""
    shelves = [shelf for shelf in packaged_shelves() if shelf.system is kind.system and kind.role is Role.CODES]
    if not shelves:
        raise NotFound(f"nothing of {kind.name} comes with Chartline")
    lines = shelves[0].lines.items()
    return Named(
        kind,
        EVER,
        [
            Entry(code, line.title, facts={"billable": True} if line.billable else {"billable": False})
            for code, line in lines
        ],
    )

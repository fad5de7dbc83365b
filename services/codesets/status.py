"""What is loaded of each kind, what stands in for it, and what its absence costs."""

from dataclasses import dataclass

from shared.codesets.kinds import KINDS, Role
from shared.codesets.packaged import packaged_shelves
from shared.codesets.store import Release, list_releases
from shared.postgres.pool import Pool


@dataclass(frozen=True, slots=True)
class KindStatus:
    """One kind: its releases, earliest first; `packaged` when something of it comes with Chartline."""

    kind: str
    releases: tuple[Release, ...]
    packaged: bool
    lacking: str | None
    """What its absence costs; None when a release is loaded."""


async def read_status(pool: Pool) -> list[KindStatus]:
    """The status of every kind."""
    releases = await list_releases(pool)
    packaged = {shelf.system for shelf in packaged_shelves()}
    rows = []
    for kind in KINDS.values():
        own = tuple(release for release in releases if release.kind == kind.name)
        stands_in = kind.role is Role.CODES and kind.system in packaged
        rows.append(KindStatus(kind.name, own, stands_in, None if own else kind.lacking))
    return rows

"""Whether an arriving version of a resource is newer than the one applied. Pure.

The order of arrival says nothing (null keys, retries, several partitions). What decides, first that both versions have:
numeric versionId, else lastUpdated, else the content itself, where a content seen before is a repetition and a new one
is newer.

Invariant: whatever the order in which numbered or dated versions arrive, the newest ends up applied.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from shared.fhir.parse import JsonObject

_LONGEST_NUMBER = 18


class Verdict(StrEnum):
    """What to do with an arriving version."""

    APPLY = "apply"
    STALE = "stale"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    """The same version with other content: nobody can tell which one is true."""


@dataclass(frozen=True, slots=True)
class Version:
    """Where a resource stands in its own history. `digest` is the hash of its content, whatever its layout."""

    digest: str
    number: int | None = None
    updated_at: datetime | None = None

    @property
    def label(self) -> str:
        """The versionId, else lastUpdated, else the hash of the content."""
        if self.number is not None:
            return str(self.number)
        return self.updated_at.isoformat() if self.updated_at else self.digest


def read_version(content: JsonObject) -> Version:
    """Read the version of a validated resource."""
    meta = content.get("meta") or {}
    return Version(digest_content(content), _number(meta.get("versionId")), _moment(meta.get("lastUpdated")))


def digest_content(content: JsonObject) -> str:
    """Hash decoded content so that layout and order of members do not matter."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def judge(arriving: Version, applied: Version | None, *, seen_before: bool = False) -> Verdict:
    """Compare with the version applied last; `seen_before` tells that this content was applied at some time."""
    if applied is None:
        return Verdict.APPLY
    if arriving.digest == applied.digest:
        return Verdict.DUPLICATE
    order = _compare(arriving, applied)
    if order is None:
        return Verdict.DUPLICATE if seen_before else Verdict.APPLY
    if order > 0:
        return Verdict.APPLY
    if order == 0:
        return Verdict.CONFLICT
    return Verdict.DUPLICATE if seen_before else Verdict.STALE


def _compare(arriving: Version, applied: Version) -> int | None:
    """Tell which is newer (1, 0, -1), or None where nothing tells."""
    if arriving.number is not None and applied.number is not None:
        return (arriving.number > applied.number) - (arriving.number < applied.number)
    if arriving.updated_at is not None and applied.updated_at is not None:
        return (arriving.updated_at > applied.updated_at) - (arriving.updated_at < applied.updated_at)
    return None


def _number(version_id: object) -> int | None:
    if isinstance(version_id, str) and version_id.isascii() and version_id.isdigit():
        return int(version_id) if len(version_id) <= _LONGEST_NUMBER else None
    return None


def _moment(last_updated: object) -> datetime | None:
    if not isinstance(last_updated, str):
        return None
    try:
        return datetime.fromisoformat(last_updated).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

"""Lanes: what charts can be told apart by, each on the lists that let it through."""

import json
from collections.abc import Sequence

from services.coder.placement import LaneKey
from services.coder.store import SQL
from shared.postgres.pool import Connection


async def find_lanes(connection: Connection, keys: Sequence[LaneKey]) -> dict[LaneKey, int]:
    """Find the lanes of these keys, as far as they exist."""
    rows = await SQL.fetch(connection, "find_lanes", **_columns(keys))
    return {keys[row["place"] - 1]: row["lane_id"] for row in rows}


async def insert_lanes(connection: Connection, keys: Sequence[LaneKey]) -> None:
    """Make lanes, and put them on their lists; the caller has locked the lanes."""
    await SQL.execute(connection, "insert_lanes", **_columns(keys))
    await place_lanes(connection)


async def lock_lanes(connection: Connection) -> None:
    """Make or move lanes alone, until the transaction ends."""
    await SQL.execute(connection, "lock_lanes")


async def place_lanes(connection: Connection) -> None:
    """Put every lane on the lists that let it through; the caller has locked the lanes."""
    await SQL.execute(connection, "place_lanes")


def _columns(keys: Sequence[LaneKey]) -> dict[str, list[str]]:
    return {
        "service_lines": [key.service_line for key in keys],
        "specialties": [key.specialty for key in keys],
        "facilities": [key.facility for key in keys],
        "encounter_classes": [key.encounter_class for key in keys],
        "payers": [key.payer for key in keys],
        "restrictions": [json.dumps(key.restrictions) for key in keys],
    }

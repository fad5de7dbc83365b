"""Gives charts their place in the queue, in the transaction that brings them.

Place in the flow: `intake` places what arrives, `suggesting` ranks again when the engine has answered. Invariant: a
chart is never in the queue without a lane and a rank.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.coder.chart_facts import read_facts
from services.coder.placement import LaneKey, Placement, read_placement
from services.coder.priority import PriorityWeights, rank_chart
from services.coder.store import lanes, work_items
from services.coder.store.work_items import PlacedChart
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartReady
from shared.postgres.pool import Connection


async def place_charts(connection: Connection, charts: Sequence[ChartReady], weights: PriorityWeights) -> None:
    """Put charts in the queue; at most one version a chart."""
    today = datetime.now(UTC).date()
    placements = [read_placement(chart, read_facts(chart)) for chart in charts]
    lane_ids = await _find_or_make_lanes(connection, placements)
    placed = [
        PlacedChart(chart, lane_ids[place.lane], place.patient, rank_chart(place.ranked, weights, today))
        for chart, place in zip(charts, placements, strict=True)
    ]
    await work_items.put_in_queue(connection, placed)


async def rank_again(connection: Connection, chart: ChartReady, weights: PriorityWeights, *, suggestions: int) -> None:
    """Let the number of suggestions count for a chart's complexity."""
    ranked = replace(read_placement(chart, read_facts(chart)).ranked, suggestions=suggestions)
    rank = rank_chart(ranked, weights, datetime.now(UTC).date())
    await work_items.set_complexity(connection, ChartId(chart.chart_id), rank)


async def _find_or_make_lanes(connection: Connection, placements: Sequence[Placement]) -> dict[LaneKey, int]:
    keys = list(dict.fromkeys(place.lane for place in placements))
    found = await lanes.find_lanes(connection, keys)
    missing = [key for key in keys if key not in found]
    if missing:
        await lanes.lock_lanes(connection)
        await lanes.insert_lanes(connection, missing)
        found |= await lanes.find_lanes(connection, missing)
    return found

"""News of arrivals: of one's own lists, without a chart's name, again after a break, and over when the server stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from services.coder.api.events import Listener, stream_events
from services.coder.arrivals import Arrivals, Mark
from services.coder.hold import HoldId, HoldReason, NewHold
from services.coder.reach import UNLIMITED, Reach
from services.coder.service.assigning import LeadRequest
from services.coder.work_item import WorkItemId
from shared.loops import running
from shared.web.closing import Closing
from tests.integration.coder.conftest import Desk, under
from tests.integration.coder.test_holds import REVIEW


@pytest.fixture
async def arrivals(desk: Desk) -> AsyncIterator[Arrivals]:
    """A hub that listens."""
    hub = Arrivals(desk.pool)
    era = hub.mark.era
    async with running({"arrivals": hub.run}, drain_seconds=5):
        while hub.mark.era == era:
            await hub.news.wait()
        yield hub


def follow(desk: Desk, hub: Arrivals, closing: Closing, last: str | None = None, *, reach: Reach = UNLIMITED):  # type: ignore[no-untyped-def]
    return stream_events(hub, desk.cases.worklists, closing, Listener("ann", reach, last))


def read(event: str) -> tuple[str, str, dict[str, object]]:
    """An event's type, id and data."""
    fields = dict(line.split(": ", 1) for line in event.strip().splitlines())
    return fields["event"], fields["id"], json.loads(fields["data"])


async def hear(events: AsyncIterator[str]) -> tuple[str, str, dict[str, object]]:
    """The next event that is one."""
    async for event in events:
        if not event.startswith(":"):
            return read(event)
    raise AssertionError("the stream has ended")


async def test_an_arrival_names_the_lists_of_its_listener_and_no_chart(desk: Desk, arrivals: Arrivals) -> None:
    async with aclosing(follow(desk, arrivals, Closing())) as events:
        assert (await hear(events))[0] == "ready"
        chart = await desk.open_chart()
        kind, _, data = await hear(events)
        assert (kind, data) == ("arrival", {"lists": ["everything-else"], "assigned": False})
        lease = await desk.lease()
        placed = await desk.cases.holding.place(under(lease), NewHold(HoldReason.PENDING_REPORT, REVIEW))
        await desk.cases.holding.lift("ann", HoldId(placed.hold_id))
        assert (await hear(events))[2]["lists"] == ["everything-else"]
        work_item = WorkItemId(lease.work_item_id)
        await desk.cases.assigning.assign(LeadRequest("liz", UNLIMITED, work_item), "ann")
        assert (await hear(events))[2] == {"lists": [], "assigned": True}
        assert str(chart.chart_id) not in str(data)


async def test_what_is_out_of_reach_is_not_told(desk: Desk, arrivals: Arrivals) -> None:
    reach = Reach(facilities=frozenset({"Organization/north"}))
    async with aclosing(follow(desk, arrivals, Closing(), reach=reach)) as events:
        await hear(events)
        await desk.open_chart()
        while arrivals.mark.position == 0:
            await arrivals.news.wait()
        waiting = asyncio.ensure_future(hear(events))
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert not done
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_after_a_break_what_was_missed_is_told(desk: Desk, arrivals: Arrivals) -> None:
    before = arrivals.mark.encode()
    await desk.open_chart()
    while arrivals.mark.position == 0:
        await arrivals.news.wait()
    for last in (before, "unknown-7", "nonsense"):
        async with aclosing(follow(desk, arrivals, Closing(), last)) as events:
            assert (await hear(events))[0] == "ready"
            kind, event_id, data = await hear(events)
            assert (kind, event_id, data["lists"]) == ("arrival", arrivals.mark.encode(), ["everything-else"])
    assert arrivals.list_since(arrivals.mark) == []
    assert arrivals.list_since(Mark(arrivals.mark.era, 99)) is None


async def test_a_stream_ends_when_the_server_stops(desk: Desk, arrivals: Arrivals) -> None:
    closing = Closing()
    events = follow(desk, arrivals, closing)
    await hear(events)
    rest = asyncio.ensure_future(anext(events, "over"))
    closing.begin()
    while (said := await asyncio.wait_for(rest, timeout=20)) != "over":
        assert said.startswith(":")
        rest = asyncio.ensure_future(anext(events, "over"))

"""Places holds and lifts them.

Place in the flow: `Holding` is what people ask for; `place_hold` and `lift_hold` are for use cases that pause a chart
in a transaction of their own, such as sending a query. Invariant: whoever changes a hold has locked the work item's
row first, so that holds, leases and new chart versions follow one another.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from services.coder.hold import FIRST_PAGE, Hold, HoldCursor, HoldEnded, HoldId, HoldToReview, NewHold
from services.coder.queue_models import HoldView
from services.coder.reach import Reach
from services.coder.service.answers import answer_once
from services.coder.service.deciding import UnderLease, hold_lease
from services.coder.store import arrivals, holds, work_items
from services.coder.work_item import ChartId, WrongState
from shared.contracts.errors import InvalidContent, NotFound
from shared.pages import Moment
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool


async def place_hold(connection: Connection, chart_id: ChartId, new: NewHold, *, placed_by: str) -> Hold:
    """Put a chart on hold, for one more reason where it already is; a lease on it ends.

    The caller holds the chart's lease, or is a lead. Raises NotFound, and WrongState for a chart that is with the
    engine, completed, failed or withdrawn.
    """
    version = await holds.hold_work_item(connection, chart_id)
    if version is None:
        item = await work_items.find_by_chart(connection, chart_id)
        if item is None:
            raise NotFound("there is no chart with this id")
        raise WrongState(f"only an open or leased chart can be put on hold; this one is {item.state}")
    return await holds.insert_hold(connection, chart_id, version, new, placed_by=placed_by)


async def lift_hold(connection: Connection, hold_id: HoldId, *, lifted_by: str) -> Hold:
    """Lift one hold; after a chart's last one the chart is open. Raises NotFound and HoldEnded."""
    hold = await holds.find_hold(connection, hold_id)
    if hold is None:
        raise NotFound("there is no hold with this id")
    await work_items.lock_work_items(connection, [hold.chart_id])
    ended = await holds.end_hold(connection, hold_id, lifted_by=lifted_by)
    if ended is None:
        raise HoldEnded("this hold was lifted before; read the chart again")
    await holds.drop_hold(connection, hold.chart_id)
    await arrivals.announce_open(connection, [hold.chart_id])
    return ended


@dataclass(frozen=True)
class Holding:
    """The use cases behind the holds of the queue API and the workbench."""

    pool: Pool
    lease_seconds: float

    async def place(self, request: UnderLease, new: NewHold) -> HoldView:
        """Put a leased chart on hold; raises LeaseLost, NotFound and InvalidContent."""
        _require_future(new.review_on)

        async def act(connection: Connection) -> HoldView:
            await hold_lease(connection, request, self.lease_seconds)
            hold = await place_hold(connection, request.chart_id, new, placed_by=request.coder.subject)
            return HoldView.of(hold)

        return await answer_once(self.pool, request.repeatable, HoldView, act)

    async def place_without_lease(
        self, lead: str, chart_id: ChartId, new: NewHold, repeatable: Repeatable | None = None
    ) -> HoldView:
        """Put a chart on hold as a lead, whoever has it; raises NotFound, WrongState and InvalidContent."""
        _require_future(new.review_on)

        async def act(connection: Connection) -> HoldView:
            return HoldView.of(await place_hold(connection, chart_id, new, placed_by=lead))

        return await answer_once(self.pool, repeatable, HoldView, act)

    async def lift(self, lifted_by: str, hold_id: HoldId, repeatable: Repeatable | None = None) -> HoldView:
        """Lift a hold; raises NotFound and HoldEnded."""

        async def act(connection: Connection) -> HoldView:
            return HoldView.of(await lift_hold(connection, hold_id, lifted_by=lifted_by))

        return await answer_once(self.pool, repeatable, HoldView, act)

    async def list_of_chart(self, chart_id: ChartId, after: Moment | None, limit: int) -> list[Hold]:
        """List the holds that a chart has or had; raises NotFound."""
        async with self.pool.acquire() as connection:
            if await work_items.find_by_chart(connection, chart_id) is None:
                raise NotFound("there is no chart with this id")
            return await holds.list_holds_of_chart(connection, chart_id, after, limit)

    async def list_to_review(
        self, caller: str, reach: Reach, *, due_by: date, after: HoldCursor = FIRST_PAGE, limit: int
    ) -> list[HoldToReview]:
        """List effective holds within reach that somebody must look at by a day, the longest overdue first."""
        return await holds.list_holds_to_review(self.pool, caller, reach, due_by=due_by, after=after, limit=limit)


def _require_future(day: date) -> None:
    if day < datetime.now(UTC).date():
        raise InvalidContent("the review date has passed; choose today or a later day", expression="review_on")

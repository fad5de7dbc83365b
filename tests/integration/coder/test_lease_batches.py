"""Coders who ask at the same moment: served in order, each within their own reach, and none at the cost of another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from pydantic import SecretStr

from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.reach import UNLIMITED, Reach
from services.coder.service.queue import Queue
from services.coder.work_item import Lease
from shared.contracts.messages import ChartReady
from shared.postgres.answers import Repeatable
from shared.postgres.migrate import migrate
from shared.postgres.pool import Connection, open_pool
from shared.postgres.settings import PostgresSettings
from tests.integration.coder.conftest import ANN, BOB, Desk
from tests.integration.coder.test_statements import fill_queue

BATCH, CROWD = 20, 40
"""As many as one batch holds, and more."""
FRONT = 4
"""As many of the first places within reach as a lease looks at, before it compares lanes."""
STOP = "lock table coder.work_item in access exclusive mode"
"""Lets a lease begin, and go no further."""


@asynccontextmanager
async def batch_under_way(desk: Desk) -> AsyncIterator[None]:
    """Until the block ends the pool has no connection left, so that all who ask meanwhile stand in line."""
    held = [await desk.pool.acquire() for _ in range(desk.pool.get_max_size())]
    try:
        yield
    finally:
        for connection in held:
            await desk.pool.release(connection)


async def stand_in_line(desk: Desk, *callers: tuple[str, Reach]) -> list[asyncio.Task[Lease | None]]:
    """Have each caller ask, the first one first."""
    tasks = [asyncio.create_task(desk.cases.queue.lease_next(holder, reach)) for holder, reach in callers]
    await asyncio.sleep(0)
    return tasks


async def test_who_came_first_gets_the_most_urgent_chart(desk: Desk) -> None:
    charts = [await desk.open_chart() for _ in range(BATCH)]
    async with batch_under_way(desk):
        crowd = await stand_in_line(desk, *((f"coder-{number}", UNLIMITED) for number in range(BATCH)))
    leases = await asyncio.gather(*crowd)
    assert [lease and lease.chart_id for lease in leases] == [chart.chart_id for chart in charts]
    holders = await desk.pool.fetch("select chart_id, lease_holder from coder.work_item")
    assert {(row["chart_id"], row["lease_holder"]) for row in holders} == {
        (chart.chart_id, f"coder-{number}") for number, chart in enumerate(charts)
    }


async def test_batches_side_by_side_leave_no_chart_to_nobody_and_none_to_two(desk: Desk) -> None:
    charts = [await desk.open_chart() for _ in range(CROWD)]
    leases = await asyncio.gather(*(desk.cases.queue.lease_next(f"coder-{number}") for number in range(CROWD)))
    assert {lease.chart_id for lease in leases if lease} == {chart.chart_id for chart in charts}


async def test_a_batch_is_one_transaction(desk: Desk) -> None:
    for _ in range(3):
        await desk.open_chart()
    async with batch_under_way(desk):
        crowd = await stand_in_line(desk, *((f"coder-{number}", UNLIMITED) for number in range(3)))
    await asyncio.gather(*crowd)
    assert await desk.pool.fetchval("select count(distinct xmin::text) from coder.work_item") == 1


async def test_each_caller_of_a_batch_keeps_to_their_own_reach(desk: Desk) -> None:
    north, south = await desk.open_chart(), await desk.open_chart()
    await move_south(desk, south, restriction="vip")
    patients = await desk.pool.fetch("select distinct patient from coder.work_item")
    cleared, south_only = frozenset({"vip"}), frozenset({"Organization/south"})
    own_records = frozenset(row["patient"] for row in patients)
    async with batch_under_way(desk):
        crowd = await stand_in_line(
            desk,
            ("not-cleared", Reach(facilities=south_only)),
            ("own-record", Reach(clearances=cleared, own_records=own_records)),
            ("of-the-south", Reach(facilities=south_only, clearances=cleared)),
            ("uncleared", UNLIMITED),
            ("too-late", UNLIMITED),
        )
    chart_ids = [lease and lease.chart_id for lease in await asyncio.gather(*crowd)]
    assert chart_ids == [None, None, south.chart_id, north.chart_id, None]


async def move_south(desk: Desk, chart: ChartReady, *, restriction: str | None = None) -> None:
    """Give a chart a lane of its own, in the facility of the south."""
    await desk.pool.execute(
        """
        with lane as (
            insert into coder.lane (
                service_line, specialty, facility, encounter_class, payer, restrictions, default_list, lists,
                leased_from
            )
            select 'clinic', 's', 'Organization/south', 'AMB', 'p', array_remove(array[$2], null), list, array[list],
                   array[list]
            from cast('everything-else' as text) as list
            returning lane_id
        )
        update coder.work_item set lane_id = lane.lane_id from lane where chart_id = $1
        """,
        chart.chart_id,
        restriction,
    )


async def test_who_meets_their_own_record_first_gets_the_chart_behind_it(desk: Desk) -> None:
    own, other = await desk.open_chart(), await desk.open_chart()
    await desk.pool.execute("update coder.work_item set patient = 'Patient/me' where chart_id = $1", own.chart_id)
    reach = Reach(own_records=frozenset({"Patient/me"}))
    for expected in (other.chart_id, None):
        lease = await desk.cases.queue.lease_next("me", reach)
        assert (lease and lease.chart_id) == expected


async def test_whose_lanes_are_far_from_the_front_gets_the_most_urgent_of_theirs(desk: Desk) -> None:
    await fill_queue(desk.pool, "open")
    far = [row["lane_id"] for row in await desk.pool.fetch("select distinct lane_id from coder.work_item")][:3]
    await desk.pool.execute(
        """
        update coder.work_item
        set due_at = due_at + lane_id * interval '1 hour' + interval '30 days' where lane_id = any($1)
        """,
        far,
    )
    await desk.pool.execute(
        """
        insert into coder.coder (subject, specialties)
        select 'far', array_agg(specialty) from coder.lane where lane_id = any($1)
        """,
        far,
    )
    expected = await desk.pool.fetch(
        """
        select work_item_id from coder.work_item where state = 'open' and lane_id = any($1)
        order by urgent_by, arrival limit 5
        """,
        far,
    )
    async with batch_under_way(desk):
        crowd = await stand_in_line(desk, *[("far", UNLIMITED)] * 5)
    leases = await asyncio.gather(*crowd)
    assert [lease and lease.work_item_id for lease in leases] == [row["work_item_id"] for row in expected]


async def test_where_others_are_taking_the_front_the_other_lanes_are_looked_into(desk: Desk) -> None:
    at_the_front = [await desk.open_chart() for _ in range(FRONT)]
    elsewhere = await desk.open_chart()
    await move_south(desk, elsewhere)
    taken = [chart.chart_id for chart in at_the_front]
    async with desk.pool.acquire() as other, other.transaction():
        await other.execute("select from coder.work_item where chart_id = any($1) for update", taken)
        lease = await desk.lease()
    assert lease.chart_id == elsewhere.chart_id


async def test_batches_work_behind_a_pooler(postgres_dsn: str) -> None:
    settings = PostgresSettings(dsn=SecretStr(postgres_dsn), statement_cache_size=0, pool_min_size=1, pool_max_size=1)
    async with open_pool(settings, application_name="pooler") as pool:
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
        await fill_queue(pool, "open")
        queue = Queue(pool, lease_seconds=60)
        leases = await asyncio.gather(*(queue.lease_next(f"coder-{number}") for number in range(CROWD)))
    assert len({lease.chart_id for lease in leases if lease}) == CROWD


async def test_who_may_ask_again_under_a_key_and_who_may_not_share_no_chart(desk: Desk) -> None:
    await fill_queue(desk.pool, "open")
    holders = [f"coder-{number}" for number in range(CROWD)]
    keyed = (desk.cases.queue.lease_next(holder, UNLIMITED, Repeatable.of(holder, "key")) for holder in holders)
    plain = (desk.cases.queue.lease_next(holder) for holder in holders)
    leases = await asyncio.gather(*keyed, *plain)
    assert len({lease.chart_id for lease in leases if lease}) == 2 * CROWD


async def test_what_one_caller_sends_fails_nobody_else(desk: Desk) -> None:
    charts = [await desk.open_chart() for _ in range(2)]
    async with batch_under_way(desk):
        before, broken, after = await stand_in_line(
            desk, ("ann", UNLIMITED), ("no\0name", UNLIMITED), ("bob", UNLIMITED)
        )
    first, error, second = await asyncio.gather(before, broken, after, return_exceptions=True)
    assert isinstance(error, asyncpg.PostgresError)
    assert isinstance(first, Lease)
    assert isinstance(second, Lease)
    assert {first.chart_id, second.chart_id} == {chart.chart_id for chart in charts}


async def test_a_batch_whose_connection_is_lost_fails_and_the_next_one_is_served(desk: Desk) -> None:
    await desk.open_chart()
    async with desk.pool.acquire() as other, other.transaction():
        await other.execute(STOP)
        crowd = await stand_in_line(desk, ("ann", UNLIMITED), ("bob", UNLIMITED))
        await end_who_waits(other)
        answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert all(isinstance(answer, asyncpg.PostgresError | asyncpg.InterfaceError) for answer in answers)
    assert await desk.cases.queue.lease_next(ANN.subject) is not None


async def test_while_the_database_is_away_nobody_waits(postgres_dsn: str) -> None:
    async with open_pool(PostgresSettings(dsn=SecretStr(postgres_dsn)), application_name="away") as pool:
        queue = Queue(pool, lease_seconds=60)
    answers = await asyncio.gather(queue.lease_next("ann"), queue.lease_next("bob"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncpg.InterfaceError] * 2


async def end_who_waits(connection: Connection) -> None:
    """End the session that waits for a lock, as soon as there is one."""
    ended = False
    while not ended:
        ended = await connection.fetchval(
            """
            select bool_or(pg_terminate_backend(pid)) from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()
            """
        )
        await asyncio.sleep(0)


async def test_who_leaves_the_line_gets_nothing_and_holds_nobody_up(desk: Desk) -> None:
    chart = await desk.open_chart()
    async with batch_under_way(desk):
        gone, patient = await stand_in_line(desk, ("gone", UNLIMITED), ("patient", UNLIMITED))
        gone.cancel()
    lease = await patient
    assert lease is not None
    assert lease.chart_id == chart.chart_id
    assert gone.cancelled()


async def test_who_leaves_while_being_served_keeps_no_lease(desk: Desk) -> None:
    chart = await desk.open_chart()
    async with desk.pool.acquire() as other, other.transaction():
        await other.execute(STOP)
        (gone,) = await stand_in_line(desk, ("gone", UNLIMITED))
        await wait_for_a_waiter(other)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    assert gone.cancelled()
    assert (await lease_soon(desk)).chart_id == chart.chart_id


async def lease_soon(desk: Desk) -> Lease:
    """Lease the chart that is just being given back; what waits for it to expire would never end."""
    async with asyncio.timeout(60):
        while (lease := await desk.cases.queue.lease_next(BOB.subject)) is None:
            await asyncio.sleep(0)
    return lease


async def wait_for_a_waiter(connection: Connection) -> None:
    while not await connection.fetchval(
        "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
    ):
        await asyncio.sleep(0)


async def test_who_leaves_before_hearing_the_answer_keeps_no_lease(desk: Desk) -> None:
    await desk.open_chart()
    chart = await desk.open_chart()

    async def ask_and_call_away() -> None:
        await desk.lease(ANN)
        gone.cancel()

    async with batch_under_way(desk):
        ann = asyncio.create_task(ask_and_call_away())
        await asyncio.sleep(0)
        (gone,) = await stand_in_line(desk, ("gone", UNLIMITED))
    await asyncio.gather(ann, gone, return_exceptions=True)
    assert gone.cancelled()
    assert (await lease_soon(desk)).chart_id == chart.chart_id

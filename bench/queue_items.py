"""Fills a database with the queue of a hospital group: lanes, coders, and open charts in any number.

The tables are those of production, made by its migrations. Filling leaves out what only costs time: rows refer to each
other by construction, so that nothing checks it row by row, and indexes that hold no constraint are dropped and made
again, from the definition that the migrations gave them, over all rows at once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.postgres.pool import Connection, Pool

LANES = """
insert into coder.lane (
    service_line, specialty, facility, encounter_class, payer, restrictions, default_list, lists, leased_from
)
select line, 'specialty-' || specialty, 'Organization/' || facility, line, 'Organization/payer',
       case when restricted then '{vip}'::text[] else '{}' end, list, array[list], array[list]
from unnest(array['inpatient', 'emergency', 'clinic']) as line, generate_series(1, 12) as specialty,
     generate_series(1, 5) as facility, unnest(array[false, true]) as restricted,
     cast('everything-else' as text) as list
"""
CODERS = """
insert into coder.coder (subject, specialties, facilities)
select 'coder-' || number,
       array['specialty-' || 1 + number % 12, 'specialty-' || 1 + (number + 5) % 12],
       array['Organization/' || 1 + number % 5, 'Organization/' || 1 + (number + 2) % 5]
from generate_series(0, $1::integer - 1) as number
where number % 4 > 0
"""
CHARTS = """
insert into coder.chart (chart_id, chart_version, status, encounter_class, setting, service_date, content)
select chart_id, 1, 'ready', 'AMB', 'outpatient', '2026-09-01', '{}'
from (select gen_random_uuid() as chart_id from generate_series(1, $1::integer) order by 1) as chart
"""
WORK_ITEMS = """
insert into coder.work_item (
    chart_id, chart_version, state, lane_id, patient, due_at, charge_hours, complexity_hours
)
select chart_id, 1, 'open',
       case when random() < 0.98 then ids[1 + floor(random() * 180)] else ids[181 + floor(random() * 180)] end,
       'Patient/' || floor(random() * 100000), now() + (random() * 90 - 30) * interval '1 day', floor(random() * 200),
       floor(random() * 70)
from coder.chart,
     (select array_agg(lane_id order by restrictions, lane_id) as ids from coder.lane where specialty <> '') as lane
"""
PLAIN_INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index
where indrelid = 'coder.work_item'::regclass
  and not exists (select from pg_constraint where conindid = indexrelid)
"""


async def fill_queue(pool: Pool, items: int, coders: int) -> None:
    """Add so many open charts and coders to an empty queue, analysed as a running one is."""
    async with pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")  # checks no foreign key
        await connection.execute("set maintenance_work_mem = '256MB'")
        await connection.execute(LANES)
        await connection.execute(CODERS, coders)
        await connection.execute(CHARTS, items)
        async with _without_plain_indexes(connection):
            await connection.execute(WORK_ITEMS)
        await connection.execute("vacuum analyze coder.work_item, coder.lane, coder.coder, coder.chart")
        await connection.execute("checkpoint")


@asynccontextmanager
async def _without_plain_indexes(connection: Connection) -> AsyncIterator[None]:
    indexes = await connection.fetch(PLAIN_INDEXES)
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    yield
    for index in indexes:
        await connection.execute(index["definition"])

"""The gauges of what waits, on a real PostgreSQL, and the counters of what went aside."""

from collections.abc import Sequence

from prometheus_client import REGISTRY

from services.claims.measures import CLAIMS
from services.coder.measures import CHARTS as CODER_CHARTS
from services.ingest.measures import CHARTS as INGEST_CHARTS
from shared.audit.seal import SEALING
from shared.postgres.measures import Measure, Measuring
from shared.postgres.outbox import Outbox, OutboxMessage, OutboxRelay
from shared.postgres.pool import Pool
from shared.postgres.quarantine import Quarantine, Unusable
from tests.conftest import PoolFor
from tests.integration.shared.test_inbox_and_outbox import StubbornBroker, make_record

HOUR = 3600.0


def read(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(name, labels)
    assert value is not None, name
    return value


async def measure(pool: Pool, schema: str, own: Sequence[Measure]) -> None:
    assert await Measuring(pool, schema, own).measure_once() == 0


async def test_what_waits_in_the_outbox_and_for_its_seal(pool_for: PoolFor) -> None:
    pool = await pool_for("ingest", ("shared.postgres", "services.ingest"))
    async with pool.acquire() as connection, connection.transaction():
        await Outbox("ingest").enqueue(connection, [OutboxMessage("topic", key, b"x") for key in "ab"])
    await pool.execute("update ingest.outbox set created_at = now() - interval '1 hour' where key = 'b'")
    await pool.execute(
        "insert into audit.event (event_id, service, recorded_at, body) "
        "values (gen_random_uuid(), 'test', now() - interval '1 hour', '{}')"
    )
    await measure(pool, "ingest", (INGEST_CHARTS, SEALING))

    assert read("chartline_outbox_waiting", schema="ingest") == 2
    assert read("chartline_outbox_oldest_seconds", schema="ingest") >= HOUR
    assert read("chartline_audit_unsealed_seconds") >= HOUR
    assert read("chartline_ingest_overdue_seconds") == 0
    assert read("chartline_measured_timestamp_seconds", schema="ingest") > 0


async def test_charts_that_wait_for_the_engine(pool_for: PoolFor) -> None:
    pool = await pool_for("coder", ("shared.postgres", "services.coder"))
    await pool.execute(
        """
        with chart as (
            insert into coder.chart (chart_id, chart_version, status, encounter_class, setting, content)
            select gen_random_uuid(), 1, 'ready', 'AMB', 'outpatient', '' from generate_series(1, 3)
            returning chart_id
        ),
        lane as (
            insert into coder.lane (service_line, specialty, facility, encounter_class, payer, restrictions,
                                    default_list, lists, leased_from)
            select 'clinic', 's', 'f', 'AMB', 'p', '{}', list, array[list], array[list]
            from cast('everything-else' as text) as list
            returning lane_id
        )
        insert into coder.work_item (chart_id, chart_version, state, lane_id, due_at, changed_at)
        select chart_id, 1, 'suggesting', lane_id, now(), now() - interval '1 hour' from chart, lane
        """
    )
    await measure(pool, "coder", (CODER_CHARTS,))

    assert read("chartline_engine_waiting") == 3
    assert read("chartline_engine_oldest_seconds") >= HOUR


async def test_claims_that_wait_for_us_or_for_an_operator(pool_for: PoolFor) -> None:
    pool = await pool_for("claims", ("shared.postgres", "services.claims"))
    await pool.execute(
        """
        with chart as (
            insert into claims.chart (chart_id, coding_version)
            select gen_random_uuid(), 1 from generate_series(1, 2)
            returning chart_id
        ),
        coding as (
            insert into claims.coding (chart_id, coding_version, chart_version, claim_sha256, event)
            select chart_id, 1, 1, '', '' from chart
        ),
        ready as (
            insert into claims.claim (claim_id, chart_id, coding_version, payer_id, state, created_at)
            select chart_id, chart_id, 1, 'regional', 'ready', now() - interval '1 hour' from chart
        )
        insert into claims.claim (claim_id, chart_id, coding_version, payer_id, state, channel, bundle, bundle_sha256,
                                  queued_at, deadline_at, attempts)
        select gen_random_uuid(), chart_id, 1, 'other', 'undelivered', 'kafka', '', '', now(), now(), 1 from chart
        """
    )
    await measure(pool, "claims", (CLAIMS,))

    assert read("chartline_claims_oldest_ready_seconds") >= HOUR
    assert read("chartline_claims_undelivered") == 2


async def test_what_goes_aside_is_counted(pool_for: PoolFor) -> None:
    pool = await pool_for("aside", ("shared.postgres",))
    broker = StubbornBroker()
    broker.unsendable = {"a"}
    async with pool.acquire() as connection, connection.transaction():
        await Outbox("aside").enqueue(connection, [OutboxMessage("topic", key, b"x") for key in "ab"])
    await OutboxRelay(pool, "aside", broker).relay_once()
    async with pool.acquire() as connection, connection.transaction():
        await Quarantine("aside").hold(connection, [Unusable(make_record(0), "no-json")])

    assert read("chartline_outbox_parked_total", schema="aside") == 1
    assert read("chartline_outbox_published_total", schema="aside", topic="topic") == 1
    assert read("chartline_quarantine_records_total", schema="aside") == 1

"""The fixtures that the other integration tests stand on."""

import asyncpg
import pytest

from services.local.postgres import PostgresServer
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings
from tests.conftest import PoolFor


@pytest.mark.parametrize("which", ["first", "second"])
async def test_each_test_gets_an_empty_database(postgres_dsn: str, which: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    try:
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0, which
        await connection.execute("create table left_behind ()")
    finally:
        await connection.close()


async def test_pool_for_migrates(pool_for: PoolFor) -> None:
    pool = await pool_for("ingest", ("shared.postgres",))
    assert await pool.fetchval("select count(*) from ingest.inbox") == 0


async def test_postgres_asks_for_a_password(postgres_server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_server.dsn("postgres").replace(postgres_server.password, "wrong"))


async def test_kafka_takes_topics_and_records(kafka_bootstrap: str) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka_bootstrap, replication_factor=1)
    await create_topics(settings, TOPICS)
    assert await create_topics(settings, TOPICS) == []
    async with open_producer(settings) as producer:
        sent = await producer.send_and_wait(Topic.DEAD_LETTER, b"x" * 2_000_000, key=b"fixture")
    assert sent.offset >= 0

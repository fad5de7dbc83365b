"""PostgreSQL accepts every statement of ingest, and finds rows of large tables by index."""

import pytest

from services.ingest.store import SQL
from shared.postgres.statements import Statement
from tests.builders import diagnostic_report, encounter
from tests.integration.ingest.conftest import Ward

LARGE_TABLES = ("resource", "resource_version", "document", "chart", "quarantine")


async def test_every_statement_prepares(ward: Ward) -> None:
    async with ward.pool.acquire() as connection:
        for statement in SQL.by_name.values():
            await connection.prepare(statement.text)
    assert len(SQL.by_name) >= 15


async def test_no_statement_has_to_read_a_large_table_whole(ward: Ward) -> None:
    """Scans are made dear: one that is left in a plan is there because no index answers."""
    found = []
    async with ward.pool.acquire() as connection, connection.transaction():
        for dear in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            await connection.execute(f"set local {dear} = off")
        await connection.execute("set local plan_cache_mode = force_generic_plan")
        for statement in SQL.by_name.values():
            await connection.execute(f"prepare planned as {statement.text}")
            arguments = ", ".join("null" for _ in statement.parameters)
            planned = f"planned({arguments})" if arguments else "planned"
            for line in await connection.fetch(f"explain (costs off) execute {planned}"):
                found += [(statement.name, line[0]) for table in LARGE_TABLES if f"Seq Scan on {table}" in line[0]]
            await connection.execute("deallocate planned")
    assert found == []


async def test_a_batch_takes_as_many_statements_as_a_record(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    bind = Statement.bind

    def count(statement: Statement, values: dict[str, object]) -> list[object]:
        sent.append(statement.name)
        return bind(statement, values)

    monkeypatch.setattr(Statement, "bind", count)
    await ward.send(encounter("enc-0"), diagnostic_report("dr-0"), diagnostic_report("dr-1", encounter_id=None))
    few = sent.copy()
    sent.clear()
    visits = [encounter(f"enc-{number}", patient_id=f"pt-{number}") for number in range(100)]
    reports = [diagnostic_report(f"dr-new-{number}", encounter_id=f"enc-{number}") for number in range(100)]
    unlinked = [diagnostic_report(f"dr-free-{number}", encounter_id=None) for number in range(100)]
    await ward.send(*visits, *reports, *unlinked)
    assert len(few) == len(set(few))
    assert len(sent) <= len(few) + 1  # versions of known resources are compared with what was seen before

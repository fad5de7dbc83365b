"""Releases in PostgreSQL: whole or not at all, once, and each for its own days."""

from dataclasses import replace
from datetime import date

import pytest

from services.codesets.addenda import apply_to_loaded
from services.codesets.status import read_status
from shared.codesets.entry import SourceFile
from shared.codesets.kinds import KINDS, System
from shared.codesets.library import Library
from shared.codesets.opening import Opened
from shared.codesets.store import _SQL, CountDiffers, list_releases, read_entries, read_rules, store_release
from shared.postgres.pool import Pool
from tests.builders import official_files as files
from tests.conftest import PoolFor
from tests.integration.codesets.conftest import Load

JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)
REVISED = files.HCPCS.replace(b"Made-up lens", b"Modern  lens")


async def test_a_release_comes_back_as_it_was_read(load: Load, codesets_pool: Pool) -> None:
    assert await load("hcpcs", files.HCPCS, JANUARY)
    (release,) = await list_releases(codesets_pool)
    assert (release.kind, release.effective, release.counts["codes"]) == ("hcpcs", JANUARY, 3)
    read = KINDS["hcpcs"].read(SourceFile("made-up.txt", files.HCPCS)).entries
    assert await read_entries(codesets_pool, release.release_id) == read


async def test_loading_twice_changes_nothing(load: Load, codesets_pool: Pool) -> None:
    assert await load("hcpcs", files.HCPCS, JANUARY)
    assert not await load("hcpcs", files.HCPCS, JANUARY)
    assert await codesets_pool.fetchval("select count(*) from codesets.entry") == 3


async def test_a_release_whose_entries_do_not_all_arrive_is_rolled_back(codesets_pool: Pool) -> None:
    reading = KINDS["hcpcs"].read(SourceFile("made-up.txt", files.HCPCS))
    await codesets_pool.execute(
        "create function codesets.drop_lens() returns trigger language plpgsql as "
        "$$ begin if new.code = 'V0001' then return null; end if; return new; end $$"
    )
    await codesets_pool.execute(
        "create trigger drop_lens before insert on codesets.entry for each row execute function codesets.drop_lens()"
    )

    async def store() -> None:
        async with codesets_pool.acquire() as connection, connection.transaction():
            opened = Opened("made-up.txt", "0" * 64, reading)
            await store_release(connection, KINDS["hcpcs"], opened, JANUARY, lambda done: None)

    with pytest.raises(CountDiffers):
        await store()
    assert await list_releases(codesets_pool) == []
    assert await codesets_pool.fetchval("select count(*) from codesets.entry") == 0


async def test_progress_ends_at_the_whole(codesets_pool: Pool) -> None:
    reading = KINDS["hcpcs"].read(SourceFile("made-up.txt", files.HCPCS))
    first, *_ = reading.entries
    many = replace(reading, entries=[replace(first, code=f"{n:05d}") for n in range(2_500)])
    told: list[int] = []
    async with codesets_pool.acquire() as connection, connection.transaction():
        opened = Opened("made-up.txt", "1" * 64, many)
        await store_release(connection, KINDS["hcpcs"], opened, JANUARY, told.append)
    assert told == [1000, 2000]


async def test_old_releases_keep_answering_for_their_days(load: Load, codesets_pool: Pool) -> None:
    await load("hcpcs", files.HCPCS, JANUARY)
    await load("hcpcs", REVISED, APRIL)
    library = Library(codesets_pool, refresh_seconds=0)
    march = await library.look_up(System.HCPCS, "J0001", date(2026, 3, 31))
    lens = {day: (await library.open_book()).shelf(System.HCPCS, day) for day in (JANUARY, APRIL)}
    assert march is not None
    assert march.valid
    assert {day: shelf.lines["V0001"].title for day, shelf in lens.items() if shelf} == {
        JANUARY: "Made-up lens",
        APRIL: "Modern  lens",
    }


async def test_a_running_library_sees_a_new_release(load: Load, codesets_pool: Pool) -> None:
    library = Library(codesets_pool, refresh_seconds=0)
    assert await library.look_up(System.HCPCS, "J0001", APRIL) is None
    await load("hcpcs", files.HCPCS, JANUARY)
    assert await library.look_up(System.HCPCS, "J0001", APRIL) is not None


async def test_rules_are_chosen_by_date_of_service(load: Load, codesets_pool: Pool) -> None:
    await load("ncci-ptp", files.PTP, JANUARY)
    await load("fees", files.FEES, JANUARY)
    (pair,) = await read_rules(codesets_pool, "ncci-ptp", ["A0001"], date(2026, 2, 1))
    assert pair.facts["other"] == "A0002"
    assert await read_rules(codesets_pool, "ncci-ptp", ["A0001"], date(2025, 12, 31)) == []
    prices = {day: await read_rules(codesets_pool, "fees", ["A0001"], day) for day in (APRIL, date(2027, 1, 1))}
    assert [[fee.facts["price"] for fee in found] for found in prices.values()] == [["125.50", "40.10"], ["40.10"]]


async def test_terms_of_an_index_are_found_with_the_codes_that_are_complete(load: Load, codesets_pool: Pool) -> None:
    await load("icd10cm-index", files.INDEX.replace(b"A00.1-", b"A00"), JANUARY)
    library = Library(codesets_pool, refresh_seconds=0)
    found = await library.search("ache", APRIL, system=System.ICD10CM, limit=50)
    assert [(term.text, answer.code) for term, answer in found if term.text.startswith("Ache")] == [("Ache", "A00.0")]


async def test_status_tells_loaded_packaged_and_missing(load: Load, codesets_pool: Pool) -> None:
    await load("hcpcs", files.HCPCS, JANUARY)
    rows = {row.kind: row for row in await read_status(codesets_pool)}
    assert rows.keys() == KINDS.keys()
    assert (rows["hcpcs"].lacking, len(rows["hcpcs"].releases)) == (None, 1)
    assert (rows["pos"].packaged, rows["icd10pcs-order"].packaged) == (True, False)
    assert rows["icd10pcs-order"].lacking


async def test_a_database_without_the_schema_has_nothing_loaded(pool_for: PoolFor) -> None:
    pool = await pool_for("elsewhere", ())
    assert await list_releases(pool) == []
    answer = await Library(pool).look_up(System.PLACE, "11", APRIL)
    assert answer is not None


async def test_every_statement_prepares(codesets_pool: Pool) -> None:
    async with codesets_pool.acquire() as connection:
        for statement in _SQL.by_name.values():
            await connection.prepare(statement.text)


async def test_an_addendum_gives_the_release_after_the_one_that_is_loaded(load: Load, codesets_pool: Pool) -> None:
    await load("icd10pcs-order", files.PCS_ORDER.replace(b"0016070", b"0016071"), JANUARY)
    kind = KINDS["icd10pcs-order-addenda"]
    reading = kind.read(SourceFile("order_addenda_2030.txt", files.ORDER_ADDENDA))
    opened = Opened("order_addenda_2030.txt", "2" * 64, reading)
    async with codesets_pool.acquire() as connection, connection.transaction():
        made = await apply_to_loaded(connection, kind, opened, APRIL)
        assert made
        assert await store_release(connection, *made, APRIL, lambda done: None)
        assert await apply_to_loaded(connection, kind, opened, APRIL) is None
        assert await apply_to_loaded(connection, kind, opened, date(2025, 1, 1)) is None
    book = await Library(codesets_pool).open_book()
    assert [book.is_valid(System.ICD10PCS, "0016070", on) for on in (date(2026, 3, 31), APRIL)] == [False, True]
    assert [book.is_valid(System.ICD10PCS, "0016071", on) for on in (date(2026, 3, 31), APRIL)] == [True, False]


async def test_an_addendum_to_the_tables_gives_the_tables_after_those_that_are_loaded(
    load: Load, codesets_pool: Pool
) -> None:
    await load("icd10pcs-tables", files.PCS_TABLES, JANUARY)
    kind = KINDS["icd10pcs-tables-addenda"]
    reading = kind.read(SourceFile("tables_addenda_2030.txt", files.TABLES_ADDENDA))
    async with codesets_pool.acquire() as connection, connection.transaction():
        made = await apply_to_loaded(connection, kind, Opened("tables_addenda_2030.txt", "3" * 64, reading), APRIL)
        assert made
        assert await store_release(connection, *made, APRIL, lambda done: None)
    old, new = await list_releases(codesets_pool)
    assert (new.kind, old.counts["codes"], new.counts["codes"]) == ("icd10pcs-tables", 2, 3)

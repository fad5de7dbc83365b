"""A release of pairs on its way from its files into PostgreSQL, which are read once more then: whole, or not at all."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from shared.codesets.entry import FileRefused
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release
from shared.codesets.store import CountDiffers, list_releases, read_entries, store_release
from shared.postgres.pool import Pool
from tests.builders import official_files as files

JULY = date(2026, 7, 1)
PAIRS = replace(KINDS["ncci-ptp"], least=1)
MANY = files.pairs(*((f"A{one:04d}", f"{two:05d}") for one in range(3) for two in range(10_000, 10_700)))


def write_release(folder: Path) -> list[Path]:
    paths = [folder / f"ccipra-v999r0-f{number}.TXT" for number in (1, 2)]
    for path, part in zip(paths, (files.pairs(("0001A", "0002A")), MANY), strict=True):
        path.write_bytes(part)
    return paths


async def test_pairs_arrive_from_all_parts_in_order_with_progress(tmp_path: Path, codesets_pool: Pool) -> None:
    opened, told = read_release(PAIRS, *write_release(tmp_path)), list[int]()
    async with codesets_pool.acquire() as connection, connection.transaction():
        assert await store_release(connection, PAIRS, opened, JULY, told.append)
    (release,) = await list_releases(codesets_pool)
    assert release.counts == {"codes": 4, "pairs": 2_101}
    assert await read_entries(codesets_pool, release.release_id) == list(opened.reading.entries)
    assert told == [1_000, 2_000]


@pytest.mark.parametrize(
    ("now", "refusal"),
    [(MANY[:-9], FileRefused), (MANY[: MANY.rindex(b"A0002")], CountDiffers), (MANY[:10_000], FileRefused)],
)
async def test_files_that_change_while_they_are_loaded_change_nothing(
    tmp_path: Path, codesets_pool: Pool, now: bytes, refusal: type[Exception]
) -> None:
    paths = write_release(tmp_path)
    opened = read_release(PAIRS, *paths)
    paths[-1].write_bytes(now)
    with pytest.raises(refusal):
        async with codesets_pool.acquire() as connection, connection.transaction():
            await store_release(connection, PAIRS, opened, JULY, lambda done: None)
    assert await list_releases(codesets_pool) == []
    assert await codesets_pool.fetchval("select count(*) from codesets.entry") == 0

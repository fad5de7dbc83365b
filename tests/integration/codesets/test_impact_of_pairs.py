"""What a release of NCCI pairs changes, compared in PostgreSQL, and who reports both codes of a changed pair."""

from datetime import date

import pytest

import services.claims
import services.coder
from services.codesets.impact import read_impact
from services.codesets.references import read_changes
from shared.codesets.changes import Revision
from shared.codesets.kinds import KINDS
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool
from tests.builders import official_files as files
from tests.conftest import PoolFor
from tests.integration.codesets.conftest import Load
from tests.integration.codesets.test_impact import add_chart, decide

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)


def write(*rows: str) -> bytes:
    """Rows as "column1 column2 deleted modifier"."""
    lines = (row.split() for row in rows)
    return (
        files.PTP_HEADING
        + "".join(
            f"{one}\t{other}\t\t20200101\t{deleted}\t{modifier}\tMisuse\r\n" for one, other, deleted, modifier in lines
        ).encode()
    )


OLD = write("11042 97597 * 1", "11042 97602 * 1", "20610 20611 * 0", "31231 31237 20251231 0", "A0001 A0002 * 0")
NEW = write("11042 97597 * 1", "11042 97602 20260630 1", "20610 20611 * 1", "31231 31237 * 0", "G0001 G0002 * 0")


@pytest.fixture
async def releases(load: Load, codesets_pool: Pool) -> Pool:
    await load("ncci-ptp", OLD, APRIL)
    await load("ncci-ptp", NEW, JULY)
    return codesets_pool


async def test_pairs_come_go_and_change_their_indicator(releases: Pool) -> None:
    changes = await read_changes(releases, "ncci-ptp@2026-06-30", "ncci-ptp@2026-07-01")
    assert changes.added == (("31231 31237", "modifier 0"), ("G0001 G0002", "modifier 0"))
    assert changes.deleted == (("11042 97602", "modifier 1"), ("A0001 A0002", "modifier 0"))
    assert changes.revised == (Revision("20610 20611", "0", "1"),)
    same = await read_changes(releases, "ncci-ptp@2026-07-01", "ncci-ptp@2026-07-01")
    assert (same.added, same.deleted, same.revised) == ((), (), ())


async def test_only_who_reports_both_codes_of_a_changed_pair_is_touched(releases: Pool, pool_for: PoolFor) -> None:
    for service in (services.coder, services.claims):
        await pool_for(service.SCHEMA, service.MIGRATION_PACKAGES)
    both = await add_chart(releases, "20610", JULY, "cpt")
    await decide(releases, both, "20611", "cpt")
    for code, other, day in (("20610", "99213", JULY), ("20610", "20611", date(2026, 6, 30)), ("11042", "97597", JULY)):
        await decide(releases, await add_chart(releases, code, day, "cpt"), other, "cpt")
    impact = await read_impact(releases, KINDS["ncci-ptp"], days=90)
    assert [item.codes for item in impact.work_items] == [("20610 20611",)]
    assert [(claim.id, claim.codes) for claim in impact.claims] == [(str(both), ("20610 20611",))]


async def test_the_first_release_has_nothing_to_be_compared_with(load: Load, codesets_pool: Pool) -> None:
    await load("ncci-ptp", OLD, APRIL)
    with pytest.raises(NotFound, match="two releases of ncci-ptp are needed, and 1 are loaded"):
        await read_impact(codesets_pool, KINDS["ncci-ptp"], days=90)

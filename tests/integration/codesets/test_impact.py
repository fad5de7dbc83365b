"""What a release touches, read from the tables of the coder and of claims."""

from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import services.claims
import services.coder
from services.codesets.impact import _SQL, read_impact
from services.codesets.references import read_named
from services.codesets.touching import ChangedCodes
from shared.codesets.kinds import KINDS
from shared.postgres.pool import Pool
from tests.builders import official_files as files
from tests.conftest import PoolFor
from tests.integration.codesets.conftest import Load

JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)
CARDIAC = (
    files.order_line(1, "I10", True, "Hypertension", "Made-up hypertension")
    + files.order_line(2, "Z9989", True, "Made-up dependence", "Dependence on something made up")
).encode()
WITHOUT_LENS = files.HCPCS[: files.HCPCS.index(b"V0001")]


async def decide(pool: Pool, chart_id: UUID, code: str, system: str) -> None:
    await pool.execute(
        "insert into coder.decision (decision_id, chart_id, chart_version, action, system, code, display, decided_by, "
        "practitioner) values (gen_random_uuid(), $1, 1, 'add', $3, $2, 'x', 'ann', 'Practitioner/ann')",
        chart_id,
        code,
        system,
    )


async def add_chart(pool: Pool, code: str, on: date, system: str = "hcpcs") -> UUID:
    """A chart in the queue on which `code` was decided, and its claim."""
    chart_id = uuid4()
    await pool.execute(
        "insert into coder.chart (chart_id, chart_version, status, encounter_class, setting, service_date, content) "
        "values ($1, 1, 'ready', 'AMB', 'outpatient', $2, '{}')",
        chart_id,
        on,
    )
    await pool.execute(
        "insert into coder.work_item (chart_id, chart_version, state, lane_id, due_at) "
        "select $1, 1, 'open', lane_id, now() from coder.lane limit 1",
        chart_id,
    )
    await decide(pool, chart_id, code, system)
    await pool.execute("insert into claims.chart values ($1, 1)", chart_id)
    await pool.execute(
        "insert into claims.coding (chart_id, coding_version, chart_version, claim_sha256, event) "
        "values ($1, 1, 1, '', '')",
        chart_id,
    )
    await pool.execute(
        "insert into claims.claim (claim_id, chart_id, coding_version, payer_id, state) "
        "values ($1, $1, 1, 'p', 'ready')",
        chart_id,
    )
    return chart_id


async def test_a_deleted_code_is_found_in_the_queue_in_claims_and_in_payer_rules(
    load: Load, codesets_pool: Pool, pool_for: PoolFor
) -> None:
    for service in (services.coder, services.claims):
        await pool_for(service.SCHEMA, service.MIGRATION_PACKAGES)
    await load("hcpcs", files.HCPCS, JANUARY)
    await load("hcpcs", WITHOUT_LENS, APRIL)
    await load("fees", files.FEES.replace(b"A0001,,", b"V0001,,"), JANUARY)
    touched = await add_chart(codesets_pool, "V0001", APRIL)
    await add_chart(codesets_pool, "V0001", date(2026, 3, 31))
    await add_chart(codesets_pool, "J0001", APRIL)
    impact = await read_impact(codesets_pool, KINDS["hcpcs"], days=90)
    assert impact.changes.deleted == (("V0001", "Made-up lens"),)
    assert [item.codes for item in impact.work_items] == [("V0001",)]
    assert [(claim.id, claim.codes) for claim in impact.claims] == [(str(touched), ("V0001",))]
    assert [(rule.id, rule.codes) for rule in impact.payer_rules] == [("fees", ("V0001",))]


async def test_the_first_release_is_compared_with_what_comes_with_chartline(load: Load, codesets_pool: Pool) -> None:
    await load("icd10cm-order", files.CM_ORDER, date(2026, 10, 1))
    impact = await read_impact(codesets_pool, KINDS["icd10cm-order"], days=90)
    assert "I10" in impact.changes.touched
    assert any(entry.codes == ("I10",) for entry in impact.lexicon)
    assert impact.work_items == ()


async def test_a_named_release_is_the_one_in_force_on_the_day(load: Load, codesets_pool: Pool) -> None:
    await load("hcpcs", files.HCPCS, JANUARY)
    await load("hcpcs", WITHOUT_LENS, APRIL)
    named = {day: await read_named(codesets_pool, f"hcpcs@{day}") for day in ("2026-03-31", "2026-04-01")}
    assert [len(release.entries) for release in named.values()] == [3, 2]
    assert len((await read_named(codesets_pool, "pos@packaged")).entries) >= 50


async def test_every_statement_prepares(codesets_pool: Pool, pool_for: PoolFor) -> None:
    for service in (services.coder, services.claims):
        await pool_for(service.SCHEMA, service.MIGRATION_PACKAGES)
    async with codesets_pool.acquire() as connection:
        for statement in _SQL.by_name.values():
            await connection.prepare(statement.text)


async def test_rules_and_words_that_name_a_range_or_a_category_are_touched_by_what_is_in_it(
    load: Load, codesets_pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "acme/one"\npayers = ["acme"]\nwhen = { diagnoses = ["I09-I11"] }\n'
        '[[rule]]\nid = "acme/two"\nforbid = { diagnoses = ["Z99"] }\n'
    )
    monkeypatch.setenv("CHARTLINE_CLAIMS__PAYER_RULES", str(rules))
    await load("coverage", files.COVERAGE + b"A0009,Z00-Z01,,2026-01-01,\n", JANUARY)
    await load("icd10cm-order", CARDIAC, date(2026, 10, 1))
    await load("icd10cm-order", CARDIAC.replace(b"I10    ", b"I1A9   "), date(2027, 10, 1))
    impact = await read_impact(codesets_pool, KINDS["icd10cm-order"], days=90)
    assert impact.changes.touched == {"I10"}
    found = [(rule.id, rule.state, rule.codes) for rule in impact.payer_rules]
    assert found == [("coverage A0001", "payer-a", ("I10",)), ("acme/one", "acme", ("I10",))]
    assert {entry.codes for entry in impact.lexicon} == {("I10",)}


def test_a_range_has_its_ends_and_what_is_below_them() -> None:
    changed = ChangedCodes(["E11.65", "E11.7", "I10", "I1A.9"])
    assert changed.find(["E11.0-E11.6"]) == ("E11.65",)
    assert changed.find(["E11"]) == ("E11.65", "E11.7")
    assert changed.find(["I10", "I1A", "A00-B99"]) == ("I10", "I1A.9")

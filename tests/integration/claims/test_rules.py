"""Loaded rules and prices at work: a release is seen without a restart, and each day has its own."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.claims import SCHEMA
from services.claims.claim import State
from services.claims.edits import EditContext, name_rules
from services.claims.service import PreparationService, RuleTables
from shared.codesets.store import MIGRATION_PACKAGES
from shared.codesets.store import SCHEMA as CODESETS
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.fhir import systems
from tests.builders import Resource, claim
from tests.conftest import PoolFor
from tests.integration.claims.conftest import Clinic
from tests.integration.codesets.conftest import Load, load_into
from tests.unit.claims.codings import coded_chart

JULY, OCTOBER = date(2026, 7, 1), date(2026, 10, 1)
BEFORE, AFTER = date(2026, 9, 30), OCTOBER
PTP_HEAD = b"Notice\r\nColumn1/Column2 Edits\r\nColumn 1\r\n*=in existence\r\nEffective\r\nDeletion\r\n"
UNITS_HEAD = (
    b'"Notice",,,\r\n"HCPCS/CPT Code",Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\r\n'
)
COVERAGE_HEAD, FEES_HEAD = b"code,diagnoses,payer,starts,ends\n", b"code,modifier,payer,price,starts,ends\n"


@pytest.fixture
async def load(clinic: Clinic, pool_for: PoolFor) -> Load:
    """Load made-up releases into the clinic's database, whose preparation sees them at once."""
    await pool_for(CODESETS, MIGRATION_PACKAGES)
    rules = RuleTables(clinic.pool, EditContext(), refresh_seconds=0)
    clinic.preparation = PreparationService(clinic.pool, SCHEMA, clinic.options, rules)
    return load_into(clinic.pool)


def coded(day: date, *services: str, units: Sequence[int] = (), **more: Any) -> ChartCoded:
    """A visit of a day with these services, such as `99213` or `99213-25`, for I10."""
    items: list[Resource] = []
    for number, service in enumerate(services, 1):
        code, *modifiers = service.split("-")
        line: Resource = {
            "sequence": number,
            "diagnosisSequence": [1],
            "productOrService": {"coding": [{"system": systems.CPT, "code": code}]},
            "servicedDate": day.isoformat(),
            "quantity": {"value": units[number - 1] if units else 1},
        }
        if modifiers:
            line["modifier"] = [{"coding": [{"system": systems.CPT, "code": each}]} for each in modifiers]
        items.append(line)
    team = [{"sequence": 1, "provider": {"reference": "Practitioner/dr-1"}}]
    body = claim(diagnoses=("I10",), item=items, careTeam=team, **more)
    chart = coded_chart(final_claim=body)
    return chart.model_copy(update={"service_date": day})


async def findings(clinic: Clinic, chart: ChartCoded) -> set[str]:
    """Prepare one claim and return the edits that it set off."""
    (claim_id,) = await clinic.arrive(chart)
    await clinic.preparation.prepare_claims()
    found = await clinic.pool.fetchval("select findings from claims.claim where claim_id = $1", claim_id)
    return {finding["edit"] for finding in json.loads(found)}


async def settle(clinic: Clinic, chart: ChartCoded, state: str) -> None:
    """Let the payer have answered."""
    await clinic.pool.execute(
        "update claims.claim set state = $2, next_attempt_at = null, attempts = 1 where chart_id = $1",
        chart.chart_id,
        state,
    )


async def sent_claim(clinic: Clinic, chart: ChartCoded) -> Resource:
    """Prepare one claim and return the Claim in its Bundle, with exact decimals."""
    claim_id = await clinic.queue(chart)
    bundle = await clinic.pool.fetchval("select bundle from claims.claim where claim_id = $1", claim_id)
    built: Resource = json.loads(bundle, parse_float=Decimal)["entry"][0]["resource"]
    return built


async def test_each_quarter_bundles_by_its_own_pairs(clinic: Clinic, load: Load) -> None:
    pair = b"11042\t97597\t\t20200101\t*\t0\tMisuse\r\n"
    await load("ncci-ptp", PTP_HEAD + pair, JULY)
    assert "ncci-never-together" in await findings(clinic, coded(BEFORE, "11042", "97597"))
    await load("ncci-ptp", PTP_HEAD + pair.replace(b"11042", b"11043"), OCTOBER)
    assert "ncci-never-together" in await findings(clinic, coded(BEFORE, "11042", "97597"))
    assert "ncci-never-together" not in await findings(clinic, coded(AFTER, "11042", "97597"))
    assert "ncci-never-together" in await findings(clinic, coded(AFTER, "11043", "97597"))
    assert "ncci-never-together" not in await findings(clinic, coded(date(2026, 6, 30), "11042", "97597"))
    assert len(await clinic.published(Topic.CLAIM_RETURNED)) == 3


async def test_each_quarter_limits_units_by_its_own_table(clinic: Clinic, load: Load) -> None:
    await load("ncci-mue", UNITS_HEAD + b"97110,2,2 Date of Service Edit: Policy,Policy\r\n", JULY)
    await load("ncci-mue", UNITS_HEAD + b"97110,4,2 Date of Service Edit: Policy,Policy\r\n", OCTOBER)
    assert "mue-day" in await findings(clinic, coded(BEFORE, "97110", units=[3]))
    assert "mue-day" not in await findings(clinic, coded(AFTER, "97110", units=[3]))


async def test_hospitals_have_tables_of_their_own(clinic: Clinic, load: Load) -> None:
    outpatient = UNITS_HEAD.replace(b"Practitioner", b"Outpatient Hospital")
    await load("ncci-mue-outpatient", outpatient + b"97110,2,2 Date of Service Edit: Policy,Policy\r\n", JULY)
    await load("ncci-ptp-outpatient", PTP_HEAD + b"97110\t97597\t\t20200101\t*\t0\tMisuse\r\n", JULY)
    services = {"units": [3, 1]}
    hospital = coded(BEFORE, "97110", "97597", claim_type="institutional", **services)
    assert {"mue-day", "ncci-never-together"} <= await findings(clinic, hospital)
    office = coded(date(2026, 9, 29), "97110", "97597", **services)
    assert {"mue-day", "ncci-never-together"}.isdisjoint(await findings(clinic, office))


async def test_coverage_is_judged_by_payer_and_day(clinic: Clinic, load: Load) -> None:
    rows = b"82306,E55,http,2026-01-01,2026-09-30\n83036,E08-E13,somebody-else,2026-01-01,\n"
    await load("coverage", COVERAGE_HEAD + rows, date(2026, 1, 1))
    assert "not-medically-necessary" in await findings(clinic, coded(BEFORE, "82306"))
    assert "not-medically-necessary" not in await findings(clinic, coded(AFTER, "82306"))
    assert "not-medically-necessary" not in await findings(clinic, coded(BEFORE, "83036"))


def hcpcs_record(code: str, terminated: str = "") -> bytes:
    """A record of a code in the fixed layout of CMS."""
    text = f"{code:<5}001003{'MADE UP':<80}{'MADE UP':<28}".ljust(268)
    return f"{text}20200101{'20200101':<8}{terminated:<8}N\r\n".encode()


async def test_services_are_those_of_the_day_where_a_whole_release_is_loaded(clinic: Clinic, load: Load) -> None:
    many = [hcpcs_record(f"A{number:04}") for number in range(6_000)]
    await load("hcpcs", b"".join([*many, hcpcs_record("J1885"), hcpcs_record("J0001", "20260831")]), JULY)
    assert "service-not-in-force" not in await findings(clinic, coded(BEFORE, "J1885"))
    assert "service-not-in-force" in await findings(clinic, coded(BEFORE, "J0001"))
    assert "service-not-in-force" not in await findings(clinic, coded(date(2026, 8, 31), "J0001"))
    await load("hcpcs", hcpcs_record("A0001"), OCTOBER)
    assert "service-not-in-force" not in await findings(clinic, coded(AFTER, "J0001")), (
        "a part says nothing of the rest"
    )


async def test_units_of_the_day_add_up_over_claims_until_one_is_refused(clinic: Clinic, load: Load) -> None:
    await load("ncci-mue", UNITS_HEAD + b"97110,4,2 Date of Service Edit: Policy,Policy\r\n", JULY)
    first = coded(BEFORE, "97110-59", units=[3])
    assert "mue-day" not in await findings(clinic, first)
    assert "mue-day" in await findings(clinic, coded(BEFORE, "97110-76", units=[2]))
    assert "mue-day" not in await findings(clinic, coded(BEFORE, "97110-76", units=[2], patient_id="pt-2"))
    await settle(clinic, first, "rejected")
    assert "mue-day" not in await findings(clinic, coded(BEFORE, "97110-76", units=[2]))


async def test_a_service_that_another_chart_billed_is_a_duplicate_and_its_own_next_version_is_not(
    clinic: Clinic,
) -> None:
    first = coded(BEFORE, "99213")
    assert "already-billed" not in await findings(clinic, first)
    assert "already-billed" in await findings(clinic, coded(BEFORE, "99213"))
    assert "already-billed" not in await findings(clinic, coded(AFTER, "99213"))
    await settle(clinic, first, "accepted")
    again = first.model_copy(update={"coding_version": 2, "claim": coded(BEFORE, "99213", "36415").claim})
    assert "already-billed" not in await findings(clinic, again)


async def test_two_charts_of_one_batch_are_judged_beside_each_other(clinic: Clinic) -> None:
    ids = await clinic.arrive(coded(BEFORE, "99213"), coded(BEFORE, "99213"))
    assert await clinic.preparation.prepare_claims() == 2
    assert sorted(await clinic.states(*ids)) == [State.DRAFT, State.QUEUED]


async def test_prices_are_the_payers_by_day_modifier_and_unit_and_add_up_to_the_cent(
    clinic: Clinic, load: Load
) -> None:
    rows = (
        b"99213,,,95.10,2026-01-01,2026-09-30\n99213,,,99.90,2026-10-01,\n99213,,http,80.05,2026-10-01,\n"
        b"71046,,,60.00,2026-01-01,\n71046,26,,20.15,2026-01-01,\nJ1100,,,0.1255,2026-01-01,\n"
    )
    await load("fees", FEES_HEAD + rows, date(2026, 1, 1))
    before = await sent_claim(clinic, coded(BEFORE, "99213", "71046-26", "J1100", units=[1, 1, 3]))
    assert [line["unitPrice"]["value"] for line in before["item"]] == [
        Decimal("95.10"),
        Decimal("20.15"),
        Decimal("0.1255"),
    ]
    assert [line["net"]["value"] for line in before["item"]] == [Decimal("95.10"), Decimal("20.15"), Decimal("0.38")]
    assert before["total"] == {"value": Decimal("115.63"), "currency": "USD"}
    after = await sent_claim(clinic, coded(AFTER, "99213", "71046"))
    assert after["total"]["value"] == Decimal("140.05")


async def test_a_line_without_a_price_goes_back_and_is_never_free(clinic: Clinic, load: Load) -> None:
    await load("fees", FEES_HEAD + b"99213,,,95.10,2026-10-01,\n", OCTOBER)
    assert "price-missing" in await findings(clinic, coded(AFTER, "99213", "36415"))
    assert "price-missing" not in await findings(clinic, coded(AFTER, "99213-25"))
    unpriced = await sent_claim(clinic, coded(BEFORE, "99213", "36415"))
    assert "total" not in unpriced
    assert all("unitPrice" not in line for line in unpriced["item"])


async def test_a_restart_maps_the_pairs_and_reads_none(
    clinic: Clinic, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load("ncci-ptp", PTP_HEAD + b"11042\t97597\t\t20200101\t*\t0\tMisuse\r\n", JULY)
    await RuleTables(clinic.pool, EditContext()).open()
    monkeypatch.delattr(RuleTables, "_pack_pairs")
    again = await RuleTables(clinic.pool, EditContext()).open()
    assert again.reference.pairs.find("11042", "97597", BEFORE) == "0"
    assert name_rules(again).keys() == {"edits", "ncci-ptp"}

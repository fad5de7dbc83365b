"""A drug that was given with a National Drug Code is billed as the crosswalk of its day says."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from services.coder.engine.given import Amount, BilledAs
from services.coder.engine.model import Chart
from services.coder.engine.services import suggest_services
from services.coder.service.drug_codes import read_billed_as
from shared.codesets.entry import Entry
from shared.codesets.store import MIGRATION_PACKAGES
from shared.fhir import systems
from shared.postgres.migrate import migrate
from tests.builders.charts import ready_chart
from tests.builders.given import medication_administration
from tests.builders.official_files import NDC_CROSSWALK
from tests.builders.text import version_of
from tests.integration.coder.conftest import Desk
from tests.integration.codesets.conftest import load_into

FIRST_DAY = date(2026, 7, 1)
TABLE = NDC_CROSSWALK + b"J1885,Ketorolac,MADE-UP LABS,00009-0001-01,Other name,15 MG,1,1,2,2\r\n"


@pytest.fixture
async def loaded(desk: Desk) -> AsyncIterator[Desk]:
    """The room with a made-up crosswalk, which no other test of the room sees."""
    await migrate(desk.pool, schema="codesets", packages=MIGRATION_PACKAGES)
    await load_into(desk.pool)("ndc-hcpcs", TABLE, FIRST_DAY)
    yield desk
    await desk.pool.execute("drop schema codesets cascade")


async def read_chart(desk: Desk, ndc: str, day: date = FIRST_DAY) -> Chart:
    """The engine's chart of an injection of 25 mg of what no table of ours names, but for its NDC."""
    coded = {"text": "vial 7", "coding": [{"system": systems.NDC, "code": ndc}]}
    given = medication_administration(dose=(25, "mg"), medicationCodeableConcept=coded)
    chart = ready_chart(uuid4(), service_date=day)
    await desk.arrive(chart.model_copy(update={"context": (*chart.context, version_of(given))}))
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    return (await desk.suggesting.read_chart(leased.lease))[1]


@pytest.mark.parametrize(
    ("ndc", "code", "units"),
    [("0002-1433-80", "J0001", 3), ("00002143380", "J0001", 3), ("00009-0001-01", "J1885", 2)],
)
async def test_a_package_gives_the_code_and_its_units(loaded: Desk, ndc: str, code: str, units: int) -> None:
    lines = suggest_services(await read_chart(loaded, ndc), ())
    drug = next(line for line in lines if line.code == code)
    assert (drug.units, drug.selected, drug.facts[0].path) == (units, True, "MedicationAdministration/ma-1")
    assert "96372" in {line.code for line in lines}


async def test_before_its_day_and_for_another_package_there_is_none(loaded: Desk) -> None:
    for chart in (
        await read_chart(loaded, "0002-1433-80", date(2026, 6, 30)),
        await read_chart(loaded, "0002-1433-81"),
    ):
        assert [fact.billed_as for fact in chart.given] == [None]
        assert not any(line.code.startswith("J") for line in suggest_services(chart, ()))


async def test_without_a_crosswalk_there_is_none(desk: Desk) -> None:
    assert [fact.billed_as for fact in (await read_chart(desk, "0002-1433-80")).given] == [None]


@pytest.mark.parametrize(
    ("dosage", "unit"),
    [
        ("10 MG", Amount(Decimal(10), "mg")),
        ("per 1,000 UNITS", Amount(Decimal(1000), "units")),
        ("0.5 ML", Amount(Decimal("0.5"), "ml")),
        ("1 EA", Amount(Decimal(1), "each")),
        ("Up to 50 MG", Amount(Decimal(50), "mg")),
        ("1 SQ CM", None),
        ("", None),
    ],
)
def test_a_dosage_is_an_amount_or_none(dosage: str, unit: Amount | None) -> None:
    row = Entry("00002143380", "MADEUPOL", facts={"hcpcs": "J0001", "dosage": dosage})
    assert read_billed_as(row) == (BilledAs("J0001", unit, "madeupol") if unit else None)

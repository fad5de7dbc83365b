"""Codes over HTTP: what the queue API answers on either side of a first of October."""

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from shared.codesets.library import Library
from shared.postgres.pool import Pool
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders import official_files as files
from tests.integration.codesets.conftest import Load


@pytest.fixture
async def http(codesets_pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """A coder's client on an application without Kafka and engine."""
    principal = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token("ann-token"): principal})))
    app.state.library = Library(codesets_pool, refresh_seconds=0)
    headers = {"Authorization": "Bearer ann-token"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    ("code", "on", "valid"),
    [
        ("G35", "2025-09-30", True),
        ("G35", "2025-10-01", False),
        ("G35", "2026-09-30", False),
        ("G35", "2026-10-01", False),
        ("G35.A", "2026-09-30", True),
        ("D69.1", "2026-09-30", True),
        ("D69.1", "2026-10-01", False),
    ],
)
async def test_a_diagnosis_is_valid_by_its_date(http: httpx.AsyncClient, code: str, on: str, valid: bool) -> None:
    answer = await http.get(f"/v1/codes/icd10cm/{code}", params={"date": on})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], body["date"], body["valid"]) == (code, on, valid)
    assert body["display"]


async def test_a_search_offers_only_what_may_be_reported_on_the_date(http: httpx.AsyncClient) -> None:
    found = {}
    for on in ("2026-09-30", "2026-10-01"):
        answer = await http.get("/v1/codes", params={"q": "qualitative platelet defects", "date": on})
        assert answer.status_code == 200
        found[on] = [code["code"] for code in answer.json()["codes"]]
    assert found["2026-09-30"][0] == "D69.1"
    assert "D69.1" not in found["2026-10-01"]


async def test_a_search_keeps_to_its_system_and_limit(http: httpx.AsyncClient, load: Load) -> None:
    await load("hcpcs", files.HCPCS, date(2026, 1, 1))
    params = {"q": "injection", "system": "hcpcs", "date": "2026-03-01", "limit": "1"}
    (code,) = (await http.get("/v1/codes", params=params)).json()["codes"]
    assert (code["system"], code["code"]) == ("hcpcs", "J0001")
    assert code["matched"].startswith("J0001 Injection")
    without = await http.get("/v1/codes", params=params | {"q": "vizits"})
    assert without.json() == {"codes": []}


async def test_unknown_codes_and_systems_are_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/codes/hcpcs/J9999")).status_code == 404
    assert (await http.get("/v1/codes/snomed/1")).status_code == 422
    assert (await http.get("/v1/codes", params={"q": ""})).status_code == 422
    assert (await http.get("/v1/codes", params={"q": "x"}, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize(("on", "valid"), [("0001-01-01", False), ("9999-12-31", True)])
async def test_any_day_can_be_asked_for(http: httpx.AsyncClient, on: str, valid: bool) -> None:
    answer = await http.get("/v1/codes/icd10cm/I10", params={"date": on})
    assert (answer.status_code, answer.json()["valid"]) == (200, valid)


async def test_a_number_is_no_day(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/codes/icd10cm/I10", params={"date": "0"})).status_code == 422

"""The MS-DRG of a stay and the Claim of a chart, over HTTP: what is decided counts, and queries never show a group."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.coder.app import create_app
from services.coder.grouping.msdrg_grouper import MsdrgGrouper
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings, QueueSettings
from services.coder.workbench.routing import COOKIE
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.fhir.bundle_rules import resolve_target
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders import encounter, version_of
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import Desk, accept_all, under

ANN = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
WORDS_OF_PAYMENT = ("DRG", "drg", "MCC", "Simple Pneumonia and Pleurisy", "ajor complication")


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Ann's client, by bearer for the API and by session for the pages."""
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token("ann-token"): ANN})))
    with MsdrgGrouper() as grouper:
        desk.cases = UseCases.over(desk.pool, QueueSettings(lease_seconds=600), grouper=grouper)
        app.state.use_cases = desk.cases
        session = app.state.sessions.begin(ANN)
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": "Bearer ann-token"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://coder", headers=headers, cookies={COOKIE: session}
        ) as client:
            yield client


def stay_chart() -> ChartReady:
    """An inpatient stay that ended on 1 September 2026, at another facility."""
    home = {"dischargeDisposition": {"coding": [{"system": systems.DISCHARGE_DISPOSITION, "code": "snf"}]}}
    stay = encounter(encounter_class="IMP", start="2026-08-28T10:00:00Z", hospitalization=home)
    return ready_chart(encounter=version_of(stay), encounter_class="IMP", setting="inpatient")


async def decide_stay(desk: Desk, *codes: str) -> str:
    """Open a stay with these diagnoses suggested, lease it, accept all; return its id."""
    chart = await desk.open_chart(*(suggestion(code) for code in codes), chart=stay_chart())
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    return str(chart.chart_id)


async def test_the_group_follows_what_is_decided(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart(suggestion("J18.9"), suggestion("J96.01"), chart=stay_chart())
    url = f"/v1/charts/{chart.chart_id}/grouping"
    assert (await http.get(url)).json()["is_known"] is False
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    group = (await http.get(url)).json()
    assert (group["drg"], group["version"], group["principal"]) == ("193", "43.1", "J18.9")
    assert [(each["code"], each["role"], each["drg_without"]) for each in group["drivers"]] == [
        ("J96.01", "MCC", "195")
    ]


async def test_an_outpatient_visit_has_no_group(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart(suggestion("J18.9"))
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    assert (await http.get(f"/v1/charts/{chart.chart_id}/grouping")).json() == {
        "is_known": False, "version": "", "drg": "", "title": "", "category": "", "category_title": "", "problem": "",
        "principal": "", "drivers": [],
    }  # fmt: skip


async def test_the_chart_page_shows_the_group_and_no_page_or_route_of_queries_does(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    chart_id = await decide_stay(desk, "J18.9", "J96.01")
    page = await http.get(f"/workbench/charts/{chart_id}")
    assert "MS-DRG" in page.text
    assert "Simple Pneumonia and Pleurisy" in page.text
    view = (await http.get(f"/v1/charts/{chart_id}")).json()
    target = view["suggestions"][0]["suggestion_id"]
    for path in (
        f"/workbench/charts/{chart_id}/queries",
        f"/workbench/charts/{chart_id}/queries/new",
        f"/workbench/charts/{chart_id}/queries/new?suggestion={target}",
        f"/v1/charts/{chart_id}/queries",
        f"/v1/charts/{chart_id}/queries/proposal?suggestion={target}",
    ):
        answer = await http.get(path)
        assert answer.status_code == 200, path
        assert not [words for words in WORDS_OF_PAYMENT if words in answer.text], path


async def test_the_completed_claim_names_the_group_and_how_the_stay_ended(desk: Desk, http: httpx.AsyncClient) -> None:
    chart_id = await decide_stay(desk, "J18.9", "J96.01")
    draft = (await http.get(f"/v1/charts/{chart_id}/claim")).json()
    (held,) = await desk.cases.desk.list_held("ann")
    await desk.cases.completing.complete(under(held.lease))
    sent = json.loads((await desk.published(Topic.CHART_CODED))[0])["data"]
    claim = json.loads(sent["claim"]["body"])
    infos = [
        (each["category"]["coding"][0]["code"], each["code"]["coding"][0]["code"]) for each in claim["supportingInfo"]
    ]
    assert infos == [("discharge", "03"), ("drg", "193")]
    after = (await http.get(f"/v1/charts/{chart_id}/claim")).json()
    assert [entry["resource"] for entry in after["entry"]] == [claim, json.loads(sent["provenance"]["body"])]
    first: dict[str, Any] = draft["entry"][0]["resource"]
    assert first["status"] == "draft"
    assert first["supportingInfo"] == claim["supportingInfo"]


async def test_the_draft_is_a_valid_bundle_whose_provenance_names_its_claim(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    chart_id = await decide_stay(desk, "J18.9")
    answer = await http.get(f"/v1/charts/{chart_id}/claim")
    assert answer.headers["content-type"].startswith("application/fhir+json")
    claim, provenance = (entry for entry in answer.json()["entry"])
    assert claim["resource"]["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0]["code"] == "J18.9"
    target = provenance["resource"]["target"][0]["reference"]
    assert resolve_target(target, provenance["fullUrl"]) == claim["fullUrl"]
    for entry in (claim, provenance):
        assert not errors_of(validate(json.dumps(entry["resource"])))


async def test_who_reads_a_draft_is_not_its_author(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart(suggestion("J18.9"), chart=stay_chart())
    provenance = (await http.get(f"/v1/charts/{chart.chart_id}/claim")).json()["entry"][1]["resource"]
    assert [each["who"]["reference"] for each in provenance["agent"]] == ["#engine"]
    assert not errors_of(validate(json.dumps(provenance)))


async def test_before_the_engine_has_answered_there_is_neither(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = stay_chart()
    await desk.arrive(chart)
    for name in ("claim", "grouping"):
        assert (await http.get(f"/v1/charts/{chart.chart_id}/{name}")).status_code == 409

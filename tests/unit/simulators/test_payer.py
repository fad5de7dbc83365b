"""The simulated payers: idempotent, deterministic, strict about Bundles, and bad on request."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.simulators.payer import PayerSettings, create_payer_app
from services.simulators.payer_adjudication import Verdict, choose_verdict, judge_claim
from services.simulators.payer_desk import Mode, PayerDesk
from shared.fhir import systems
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.builders import as_bytes, claim, coverage, organization, patient

BASE = "https://hospital.example/fhir"


def bundle(
    identifier: UUID | None = None, *, chart: str | None = None, replaces: UUID | None = None, **elements: Any
) -> bytes:
    """A Bundle that a payer can read."""
    if chart:
        elements["identifier"] = [{"system": systems.CHART_IDENTIFIER, "value": chart}]
    if replaces:
        elements["related"] = [{"claim": {"identifier": {"value": str(replaces)}}}]
    parts = [claim(**elements), patient(), coverage(), organization(), organization("hospital")]
    return as_bytes(
        {
            "resourceType": "Bundle",
            "identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(identifier or uuid4())},
            "type": "collection",
            "timestamp": datetime(2026, 9, 2, tzinfo=UTC).isoformat(),
            "entry": [{"fullUrl": f"{BASE}/{each['resourceType']}/{each['id']}", "resource": each} for each in parts],
        }
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a payer that denies half."""
    app = create_payer_app(PayerSettings(denial_percent=50, slow_seconds=0, longest_hang_seconds=0.01))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://payer.test") as found:
        yield found


@pytest.mark.parametrize("mode", [Mode.ACCEPT, Mode.DENY, Mode.USUAL, Mode.SLOW])
@pytest.mark.parametrize("services", [("99213", "80053"), ()])
async def test_answers_are_valid_fhir(client: httpx.AsyncClient, mode: Mode, services: tuple[str, ...]) -> None:
    await client.put("/behaviour", json={"mode": mode})
    identifier = uuid4()
    response = await client.post("/fhir/Claim/$submit", content=bundle(identifier, services=services))
    assert response.headers["content-type"] == "application/fhir+json"
    assert errors_of(validate(response.text)) == ()
    assert response.json()["request"]["identifier"]["value"] == str(identifier)
    assert len(response.json().get("item", ())) == len(services)


def test_a_rejection_on_the_topic_is_valid_fhir() -> None:
    desk = PayerDesk()
    desk.set_mode(Mode.REJECT)
    answer = desk.take_in(bundle(), "topic").decode()
    assert json.loads(answer)["outcome"] == "error"
    assert errors_of(validate(answer)) == ()


async def test_the_same_identifier_gets_the_same_answer_and_is_counted(client: httpx.AsyncClient) -> None:
    body = bundle()
    first = await client.post("/fhir/Claim/$submit", content=body)
    second = await client.post("/fhir/Claim/$submit", content=body)
    assert first.content == second.content
    counts = (await client.get("/received")).json()
    assert (counts["bundles"], counts["identifiers"], counts["resent"], counts["altered"]) == (2, 1, 1, 0)


async def test_a_changed_bundle_under_a_known_identifier_is_seen(client: httpx.AsyncClient) -> None:
    identifier = uuid4()
    await client.post("/fhir/Claim/$submit", content=bundle(identifier))
    await client.post("/fhir/Claim/$submit", content=bundle(identifier, diagnoses=("I10",)))
    assert (await client.get("/received")).json()["altered"] == 1


async def test_a_bundle_that_breaks_a_rule_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/fhir/Claim/$submit", content=bundle(coverage_id="gone"))
    assert response.status_code == 422
    (issue,) = response.json()["issue"]
    assert issue["expression"] == ["Bundle.entry[0].resource.insurance[0].coverage.reference"]
    assert (await client.post("/fhir/Claim/$submit", content=b"{")).status_code == 422
    counts = (await client.get("/received")).json()
    assert (counts["unusable"], counts["bundles"]) == (2, 0)


async def test_payers_behave_and_count_each_for_itself(client: httpx.AsyncClient) -> None:
    await client.put("/behaviour", json={"mode": "fail", "payer_id": "blue"})
    assert (await client.post("/blue/fhir/Claim/$submit", content=bundle())).status_code == 503
    assert (await client.post("/red/fhir/Claim/$submit", content=bundle())).status_code == 200
    assert (await client.get("/received", params={"payer_id": "blue"})).json()["bundles"] == 0
    assert (await client.get("/received", params={"payer_id": "red"})).json()["bundles"] == 1
    await client.put("/behaviour", json={"mode": "accept"})
    assert (await client.post("/blue/fhir/Claim/$submit", content=bundle())).status_code == 200
    assert (await client.put("/behaviour", json={"mode": "sulk"})).status_code == 422


async def test_reject_takes_nothing_in(client: httpx.AsyncClient) -> None:
    await client.put("/behaviour", json={"mode": "reject"})
    assert (await client.post("/fhir/Claim/$submit", content=bundle())).status_code == 422
    assert (await client.get("/received")).json()["bundles"] == 0


def test_denials_are_a_share_and_always_the_same() -> None:
    names = [str(UUID(int=number)) for number in range(2_000)]
    denied = [name for name in names if choose_verdict(name, 12.0) is Verdict.DENIED]
    assert 0.09 < len(denied) / len(names) < 0.15
    assert all(choose_verdict(name, 12.0) is Verdict.DENIED for name in denied)
    assert not any(choose_verdict(name, 0) is Verdict.DENIED for name in names)
    assert all(choose_verdict(name, 100) is Verdict.DENIED for name in names)


def test_a_chart_billed_twice_is_seen_and_a_replaced_one_is_not() -> None:
    desk = PayerDesk(denial_percent=0)
    first, second, third = uuid4(), uuid4(), uuid4()
    desk.take_in(bundle(first, chart="chart-1"), "blue")
    desk.take_in(bundle(second, chart="chart-1", replaces=first), "blue")
    assert desk.count_received()["charts_billed_twice"] == 0
    assert desk.count_received()["effective_claims"] == 1
    desk.take_in(bundle(third, chart="chart-1"), "blue")
    assert desk.count_received()["charts_billed_twice"] == 1


def test_of_a_claim_with_several_lines_one_is_denied_and_its_replacement_is_taken() -> None:
    desk = PayerDesk(denial_percent=100)
    first = uuid4()
    answer = json.loads(desk.take_in(bundle(first, chart="chart-1", services=("99213", "80053")), "blue"))
    reasons = [line["adjudication"][0].get("reason") for line in answer["item"]]
    assert (reasons[0], reasons[1]["coding"][0]["code"]) == (None, "97")
    assert errors_of(validate(json.dumps(answer))) == ()
    desk.take_in(bundle(uuid4(), chart="chart-1", replaces=first), "blue")
    assert desk.count_received()["effective_claims"] == 1


def test_what_is_taken_is_paid_by_its_lines_as_far_as_the_share_goes() -> None:
    answers = [
        json.loads(PayerDesk(denial_percent=0, paid_percent=share).take_in(bundle(services=("99213", "80053")), "blue"))
        for share in (0, 100)
    ]
    assert [answer.get("payment", {}).get("amount", {}).get("value") for answer in answers] == [None, 160]
    assert errors_of(validate(json.dumps(answers[1]))) == ()


def test_a_visit_is_judged_alike_however_often_it_is_billed() -> None:
    claims = [claim() for _ in range(40)]
    for number, each in enumerate(claims):
        each["item"][0]["encounter"] = [{"reference": f"Encounter/{number}"}]
    verdicts = [[judge_claim(each, str(uuid4()), 50) for _ in range(3)] for each in claims]
    assert all(len(set(each)) == 1 for each in verdicts)
    assert {each[0] for each in verdicts} == {Verdict.ACCEPTED, Verdict.DENIED}


def test_a_void_ends_what_it_names_and_is_no_claim() -> None:
    desk = PayerDesk(denial_percent=0)
    first = uuid4()
    desk.take_in(bundle(first, chart="chart-1"), "blue")
    desk.take_in(bundle(uuid4(), chart="chart-1", replaces=first, status="cancelled"), "blue")
    assert desk.count_received()["effective_claims"] == 0

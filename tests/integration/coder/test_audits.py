"""Audits of earlier coding over HTTP: samples by seed and risk, reviews open and blind, answers, closings, accuracy."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.coder.decision_models import DecisionBatch, Reject
from services.coder.grouping.msdrg_grouper import MsdrgGrouper
from services.coder.service.use_cases import UseCases
from services.coder.settings import QueueSettings
from tests.builders.charts import suggestion
from tests.integration.coder.audit_desk import COUGH, DAYS, LOBAR, PNEUMONIA, as_person, draw, finish, opened, review
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under
from tests.integration.coder.test_grouping import stay_chart


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(desk) as client:
        yield client


def issue_codes(answer: httpx.Response) -> list[str]:
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


async def differ(desk: Desk, http: httpx.AsyncClient) -> tuple[dict[str, Any], str]:
    """An audit whose only chart was reviewed with one difference; its id."""
    chart_id = await finish(desk)
    audit = await draw(http)
    assert (await review(http, audit, chart_id, LOBAR, COUGH)).status_code == 200
    (found,) = (await http.get("/v1/my-differences", headers=as_person("ann"))).json()["differences"]
    return audit, found["difference_id"]


async def test_the_same_seed_draws_the_same_charts_and_says_from_how_many(desk: Desk, http: httpx.AsyncClient) -> None:
    for _ in range(6):
        await finish(desk)
    first = await draw(http, size=3)
    again = await draw(http, size=3, seed=first["seed"])
    assert (first["population"], first["size"]) == (6, 3)
    assert [each["chart_id"] for each in first["charts"]] == [each["chart_id"] for each in again["charts"]]
    samples = {tuple(each["chart_id"] for each in (await draw(http, size=3, seed=f"{n}"))["charts"]) for n in range(5)}
    assert len(samples) > 1


@pytest.mark.parametrize(
    ("criteria", "charts"),
    [
        ({"coder": "bob"}, 1),
        ({"coder": "nobody"}, 0),
        ({"list_id": "everything-else"}, 3),
        ({"list_id": "cardiology"}, 0),
        ({"service_line": "clinic"}, 2),
        ({"service_line": "inpatient"}, 1),
        ({"specialty": "x|y"}, 0),
        ({"since": "2026-01-01", "until": "2026-01-02"}, 0),
    ],
)
async def test_a_sample_is_of_the_charts_that_fit(
    desk: Desk, http: httpx.AsyncClient, criteria: dict[str, str], charts: int
) -> None:
    await finish(desk)
    await finish(desk, BOB)
    await finish(desk, chart=stay_chart())
    drawn = await http.post("/v1/audits", json={"title": "A", **DAYS, **criteria}, headers=as_person("ada"))
    assert drawn.status_code == (200 if charts else 422)
    assert drawn.json().get("size", 0) == charts


async def test_nobody_draws_or_sees_what_is_beyond_their_reach(desk: Desk, http: httpx.AsyncClient) -> None:
    chart_id = await finish(desk)
    refused = await http.post("/v1/audits", json={"title": "A", **DAYS}, headers=as_person("far"))
    assert refused.status_code == 422
    audit = await draw(http)
    assert (await review(http, audit, chart_id, LOBAR, COUGH)).status_code == 200
    seen = (await http.get(f"/v1/audits/{audit['audit_id']}", headers=as_person("far"))).json()
    assert seen["charts"] == []
    url = f"/v1/audits/{audit['audit_id']}/charts/{chart_id}"
    assert issue_codes(await http.get(url, headers=as_person("far"))) == ["chart-restricted"]
    (difference,) = (await http.get("/v1/differences", headers=as_person("liz"))).json()["differences"]
    assert (await http.get("/v1/differences", headers=as_person("far"))).json()["differences"] == []
    closing = {"outcome": "upheld", "words": "so it is"}
    url = f"/v1/differences/{difference['difference_id']}/close"
    assert issue_codes(await http.post(url, json=closing, headers=as_person("far"))) == ["chart-restricted"]
    report = (await http.get("/v1/reports/accuracy", headers=as_person("far"))).json()
    assert report["together"]["charts"]["judged"] == 0


async def test_a_review_is_open_compares_and_needs_a_reason_for_each_difference(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    chart_id = await finish(desk)
    audit = await draw(http)
    url = f"/v1/audits/{audit['audit_id']}/charts/{chart_id}"
    chart = (await http.get(url, headers=as_person("ada"))).json()
    assert [each["code"] for each in chart["coded"]] == ["J18.9", "R05.9"]
    assert {each["code"] for each in chart["evidence"]} == {"J18.9", "R05.9"}
    refused = await http.post(f"{url}/review", json={"codes": [LOBAR, COUGH]}, headers=as_person("ada"))
    assert (refused.status_code, issue_codes(refused)) == (422, ["difference-without-reason"])
    assert refused.json()["issue"][0]["expression"] == ["principal:J18.9:J18.1"]
    kept = await review(http, audit, chart_id, LOBAR, COUGH)
    assert [each["agreed"] for each in kept.json()["judgements"]] == [False, True]
    again = await review(http, audit, chart_id, PNEUMONIA, COUGH)
    assert (again.status_code, issue_codes(again)) == (409, ["reviewed-before"])
    audit = (await http.get(f"/v1/audits/{audit['audit_id']}", headers=as_person("ada"))).json()
    assert (audit["reviewed"], audit["differing"], audit["charts"][0]["differences"]) == (1, 1, 1)


async def test_a_blind_reviewer_codes_before_anything_is_shown(desk: Desk, http: httpx.AsyncClient) -> None:
    chart_id = await finish(desk)
    audit = await draw(http, blind=True)
    assert audit["charts"][0]["coder"] is None
    url, ada = f"/v1/audits/{audit['audit_id']}/charts/{chart_id}", as_person("ada")
    hidden = await http.get(url, headers=ada)
    assert (hidden.json()["coded"], hidden.json()["evidence"], hidden.json()["coder"]) == (None, [], None)
    assert "J18.9" not in hidden.text
    for step in ("comparison", "review"):
        refused = await http.post(f"{url}/{step}", json={"codes": [LOBAR]}, headers=ada)
        assert issue_codes(refused) == ["blind-coding-first"]
    compared = await http.post(f"{url}/blind-coding", json={"codes": [LOBAR]}, headers=ada)
    assert [each["key"] for each in compared.json()["judgements"]] == ["principal:J18.9:J18.1", "diagnosis:R05.9:"]
    again = await http.post(f"{url}/blind-coding", json={"codes": [PNEUMONIA]}, headers=ada)
    assert issue_codes(again) == ["reviewed-before"]
    shown = (await http.get(url, headers=ada)).json()
    assert [each["code"] for each in shown["coded_blind"]] == ["J18.1"]
    assert [each["code"] for each in shown["coded"]] == ["J18.9", "R05.9"]
    other = await review(http, audit, chart_id, LOBAR, who="abe")
    assert issue_codes(other) == ["reviewed-before"]
    assert (await review(http, audit, chart_id, LOBAR, COUGH)).status_code == 200


async def test_nobody_reviews_their_own_coding(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish(desk, BOB)
    liz_coded = await finish(desk, type(ANN)("liz", "Practitioner/liz"))
    audit = await draw(http, "liz")
    url = f"/v1/audits/{audit['audit_id']}/charts/{liz_coded}"
    assert issue_codes(await http.get(url, headers=as_person("liz"))) == ["own-coding"]
    assert issue_codes(await review(http, audit, liz_coded, LOBAR, who="liz")) == ["own-coding"]


async def test_a_coder_rebuts_and_an_uninvolved_lead_withdraws(desk: Desk, http: httpx.AsyncClient) -> None:
    _, difference = await differ(desk, http)
    url = f"/v1/differences/{difference}"
    rebuttal = {"answer": "rebutted", "words": "the impression says community-acquired"}
    assert issue_codes(await http.post(f"{url}/answer", json=rebuttal, headers=as_person("bob"))) == ["own-coding"]
    silent = await http.post(f"{url}/answer", json={"answer": "rebutted"}, headers=as_person("ann"))
    assert silent.status_code == 422
    said = await http.post(f"{url}/answer", json=rebuttal, headers=as_person("ann"))
    assert (said.json()["state"], said.json()["answer"]) == ("rebutted", rebuttal["words"])
    again = await http.post(f"{url}/answer", json={"answer": "accepted"}, headers=as_person("ann"))
    assert issue_codes(again) == ["difference-settled"]
    waiting = (await http.get("/v1/differences?states=rebutted", headers=as_person("liz"))).json()["differences"]
    assert [each["difference_id"] for each in waiting] == [difference]
    before = (await http.get("/v1/reports/accuracy", headers=as_person("liz"))).json()["together"]
    assert (before["charts"]["correct"], before["charts"]["judged"]) == (0, 1)
    closing = {"outcome": "withdrawn", "words": "the coder is right"}
    key = as_person("liz", **{"Idempotency-Key": "close-1"})
    closed = [await http.post(f"{url}/close", json=closing, headers=key) for _ in "12"]
    assert [each.json()["state"] for each in closed] == ["withdrawn", "withdrawn"]
    other = {"outcome": "upheld", "words": "no"}
    assert issue_codes(await http.post(f"{url}/close", json=other, headers=as_person("liz"))) == ["difference-settled"]
    after = (await http.get("/v1/reports/accuracy", headers=as_person("liz"))).json()["together"]
    assert (after["charts"]["correct"], after["charts"]["judged"]) == (1, 1)


async def test_what_a_coder_accepts_is_settled(desk: Desk, http: httpx.AsyncClient) -> None:
    _, difference = await differ(desk, http)
    url = f"/v1/differences/{difference}"
    accepted = await http.post(f"{url}/answer", json={"answer": "accepted"}, headers=as_person("ann"))
    assert accepted.json()["state"] == "accepted"
    closing = {"outcome": "withdrawn", "words": "no"}
    refused = await http.post(f"{url}/close", json=closing, headers=as_person("liz"))
    assert issue_codes(refused) == ["difference-settled"]


async def test_accuracy_counts_charts_codes_and_categories_with_intervals(desk: Desk, http: httpx.AsyncClient) -> None:
    first, second, third = await finish(desk), await finish(desk), await finish(desk, BOB)
    audit = await draw(http)
    await review(http, audit, first, PNEUMONIA, COUGH)
    await review(http, audit, second, LOBAR, COUGH, {"system": "cpt", "code": "99213"})
    await review(http, audit, third, PNEUMONIA)
    report = (await http.get("/v1/reports/accuracy", headers=as_person("liz"))).json()
    together = report["together"]
    assert (together["charts"]["correct"], together["charts"]["judged"]) == (1, 3)
    assert (together["codes"]["correct"], together["codes"]["judged"]) == (4, 6)
    counted = {name: (each["correct"], each["judged"]) for name, each in together["by_category"].items()}
    assert counted == {"principal": (2, 3), "diagnosis": (2, 3), "visit-level": (0, 1)}
    low, high = together["charts"]["interval"]
    assert low < 1 / 3 < high
    rows = {row["coder"]: (row["charts"]["correct"], row["charts"]["judged"]) for row in report["coders"]}
    assert rows == {"ann": (1, 2), "bob": (0, 1)}
    wrong = {each["code"]: each["accuracy"]["correct"] for each in report["codes"]}
    assert wrong == {"J18.1": 0, "99213": 0, "R05.9": 2}
    own = (await http.get("/v1/reports/accuracy", headers=as_person("bob"))).json()
    assert [row["coder"] for row in own["coders"]] == ["bob"]
    assert own["together"]["charts"]["judged"] == 1


async def test_samples_by_risk_stand_apart_from_random_ones(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish(desk)
    await desk.open_chart(suggestion(), suggestion("R05.9", "cough"))
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    rejected = Reject(action="reject", target_id=view.undecided[1], reason="integral")
    decisions = (*accept_all(view).decisions[:1], rejected)
    await desk.cases.deciding.decide(under(lease), DecisionBatch(decisions=decisions))
    await desk.cases.completing.complete(under(lease))
    audit = await draw(http, method="changed")
    assert (audit["population"], audit["charts"][0]["chart_id"]) == (1, str(lease.chart_id))
    await review(http, audit, lease.chart_id, PNEUMONIA)
    report = (await http.get("/v1/reports/accuracy", headers=as_person("liz"))).json()
    assert report["together"]["charts"]["judged"] == 0
    report = (await http.get("/v1/reports/accuracy?methods=changed", headers=as_person("liz"))).json()
    assert report["together"]["charts"]["judged"] == 1


async def test_the_quickest_acceptances_come_first(desk: Desk, http: httpx.AsyncClient) -> None:
    charts = []
    for seconds in (90, 2, 30):
        await desk.open_chart(suggestion(), suggestion("R05.9", "cough"))
        lease = await desk.lease()
        await desk.cases.queue.renew(lease.chart_id, ANN.subject)
        view, _ = await desk.cases.charts.read_chart(lease.chart_id)
        await desk.cases.deciding.decide(under(lease), accept_all(view))
        await desk.cases.completing.complete(under(lease))
        await desk.pool.execute(
            "update coder.showing set shown_at = shown_at - $1 * interval '1 second' where chart_id = $2",
            seconds,
            lease.chart_id,
        )
        charts.append(str(lease.chart_id))
    audit = await draw(http, method="quick", size=2)
    assert [each["chart_id"] for each in audit["charts"]] == [charts[1], charts[2]]


async def test_the_group_of_a_stay_is_judged_and_follows_its_codes(desk: Desk, http: httpx.AsyncClient) -> None:
    with MsdrgGrouper() as grouper:
        desk.cases = UseCases.over(desk.pool, QueueSettings(lease_seconds=600), grouper=grouper)
        async with opened(desk) as client:
            await finish(desk)
            stay = await finish(desk, ANN, "J18.9", "J96.01", chart=stay_chart())
            audit = await draw(client, method="drg-severity")
            assert [each["chart_id"] for each in audit["charts"]] == [str(stay)]
            kept = await review(client, audit, stay, PNEUMONIA)
            drg = kept.json()["judgements"][-1]
            assert (drg["category"], drg["coded"], drg["correct"]) == ("drg", "193", "195")
            report = await client.get("/v1/reports/accuracy?methods=drg-severity", headers=as_person("liz"))
            assert report.json()["together"]["by_category"]["drg"]["correct"] == 0
            (found,) = (await client.get("/v1/my-differences", headers=as_person("ann"))).json()["differences"]
            closing = {"outcome": "withdrawn", "words": "hypoxia is documented"}
            url = f"/v1/differences/{found['difference_id']}/close"
            assert (await client.post(url, json=closing, headers=as_person("liz"))).status_code == 200
            report = await client.get("/v1/reports/accuracy?methods=drg-severity", headers=as_person("liz"))
            assert report.json()["together"]["by_category"]["drg"]["correct"] == 1


async def test_pages_turn_by_cursor_and_nothing_is_ever_changed(desk: Desk, http: httpx.AsyncClient) -> None:
    audit, _ = await differ(desk, http)
    other = await draw(http)
    page = (await http.get("/v1/audits?limit=1", headers=as_person("ada"))).json()
    assert [each["audit_id"] for each in page["audits"]] == [other["audit_id"]]
    page = (await http.get(f"/v1/audits?limit=1&cursor={page['next']}", headers=as_person("ada"))).json()
    assert ([each["audit_id"] for each in page["audits"]], page["next"]) == ([audit["audit_id"]], None)
    for statement in ("delete from coder.coding_review", "update coder.judgement set correct = coded"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await desk.pool.execute(statement)

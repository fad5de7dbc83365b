"""The scrub preview: what billing's edits say while a coder decides, and what completing does with it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from services.coder.billing_edits import BillingEdits
from services.coder.service.completing import Completing
from services.coder.service.previewing import Previewing
from services.coder.work_item import ChartNotComplete, State
from shared.contracts.messages import ChartCoded
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import ANN, Desk, accept_all, under

FINDING = {"edit": "e-1", "severity": "error", "message": "It is not specific.", "fix": "Name the organism."}
Answer = Callable[[httpx.Request], httpx.Response]


def answering(*findings: dict[str, str]) -> Answer:
    return lambda _request: httpx.Response(200, json={"payer_id": "p", "is_sendable": False, "findings": findings})


@asynccontextmanager
async def edits(answer: Answer) -> AsyncIterator[BillingEdits]:
    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://claims/") as client:
        yield BillingEdits(client)


def asking(desk: Desk, billing: BillingEdits) -> Desk:
    """The same desk, whose use cases ask these edits."""
    previewing = Previewing(desk.pool, billing)
    completing = Completing(desk.pool, 60.0, previewing)
    desk.cases = replace(desk.cases, previewing=previewing, completing=completing)
    return desk


async def test_what_is_asked_is_the_coding_as_it_is_decided_now(desk: Desk) -> None:
    asked: list[ChartCoded] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(ChartCoded.model_validate_json(request.content))
        return answering()(request)

    await desk.open_chart(suggestion("J18.9"))
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    async with edits(answer) as billing:
        assert await asking(desk, billing).cases.previewing.preview(lease.chart_id, ANN.practitioner) == ()
    (coded,) = asked
    claim = json.loads(coded.claim.body)
    assert [each["diagnosisCodeableConcept"]["coding"][0]["code"] for each in claim["diagnosis"]] == ["J18.9"]
    assert (coded.coding_version, await desk.state(lease.chart_id)) == (1, State.LEASED)


async def test_an_error_keeps_the_chart_from_being_completed_and_says_its_fix(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    async with edits(answering(FINDING)) as billing:
        with pytest.raises(ChartNotComplete) as refused:
            await asking(desk, billing).cases.completing.complete(under(lease))
    (point,) = refused.value.points
    assert (point.code, point.message) == ("e-1", "It is not specific. Name the organism.")
    assert await desk.state(lease.chart_id) is State.LEASED


async def test_a_warning_does_not(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    async with edits(answering({**FINDING, "severity": "warning"})) as billing:
        await asking(desk, billing).cases.completing.complete(under(lease))
    assert await desk.state(lease.chart_id) is State.COMPLETED


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    "answer",
    [_refuse, lambda _request: httpx.Response(503), lambda _request: httpx.Response(200, text="no json")],
)
async def test_when_billing_cannot_be_asked_coding_goes_on(desk: Desk, answer: Answer) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    async with edits(answer) as billing:
        cases = asking(desk, billing).cases
        assert await cases.previewing.preview(lease.chart_id, ANN.practitioner) is None
        await cases.completing.complete(under(lease))
    assert await desk.state(lease.chart_id) is State.COMPLETED


async def test_a_chart_without_what_every_claim_needs_is_not_asked_about(desk: Desk) -> None:
    await desk.open_chart(chart=ready_chart(context=ready_chart().context[:1]))
    lease = await desk.lease()
    async with edits(_refuse) as billing:
        assert await asking(desk, billing).cases.previewing.preview(lease.chart_id, ANN.practitioner) is None

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.simulators.coder import SimulatedCoder, decide


def make_chart(**changes: Any) -> dict[str, Any]:
    return {
        "encounter": {"reference": "Encounter/e1", "encounter_class": "EMER"},
        "suggestions": [
            {"suggestion_id": "s1", "system": "icd10cm", "selected": True},
            {"suggestion_id": "s2", "system": "icd10cm", "selected": True},
            {"suggestion_id": "s3", "system": "icd10cm", "selected": False},
        ],
        "decisions": [],
        "findings": [],
        **changes,
    }


def test_selected_suggestions_are_accepted_others_rejected_and_the_visit_is_added() -> None:
    decisions = decide(make_chart(), "I10")

    assert [(found["action"], found.get("target_id")) for found in decisions[:3]] == [
        ("accept", "s1"),
        ("accept", "s2"),
        ("reject", "s3"),
    ]
    assert decisions[2]["reason"]
    assert [found["code"] for found in decisions[3:]] == [{"system": "cpt", "code": "99283"}]


def test_without_a_selected_suggestion_the_reason_for_the_visit_is_the_diagnosis() -> None:
    decisions = decide(make_chart(suggestions=[]), "I10")

    assert [found["code"] for found in decisions] == [
        {"system": "icd10cm", "code": "I10"},
        {"system": "cpt", "code": "99283"},
    ]


def test_without_a_reason_the_first_suggestion_is_the_diagnosis() -> None:
    suggestions = [{"suggestion_id": name, "system": "icd10cm", "selected": False} for name in ("s1", "s2")]

    decisions = decide(make_chart(suggestions=suggestions), None)

    assert [found["action"] for found in decisions] == ["accept", "reject", "add"]


def test_without_anything_the_illness_is_unspecified() -> None:
    assert decide(make_chart(suggestions=[]), None)[0]["code"] == {"system": "icd10cm", "code": "R69"}


def test_what_was_decided_before_is_not_decided_again() -> None:
    first = decide(make_chart(), "I10")
    codes = {"accept": {"system": "icd10cm"}, "reject": None}
    stored = [{"target_id": "d", "code": codes.get(found["action"]), **found} for found in first]

    assert decide(make_chart(decisions=stored), "I10") == []


def test_a_chart_whose_suggestions_were_all_rejected_gets_a_diagnosis() -> None:
    stored = [{"action": "reject", "target_id": name, "code": None} for name in ("s1", "s2", "s3")]

    decisions = decide(make_chart(decisions=stored), None)

    assert [found["code"]["code"] for found in decisions] == ["R69", "99283"]


def test_of_a_chart_that_billing_returned_the_first_diagnosis_stays() -> None:
    stored = [
        {"action": "accept", "target_id": "s1", "code": {"system": "icd10cm"}},
        {"action": "accept", "target_id": "s2", "code": {"system": "icd10cm"}},
        {"action": "reject", "target_id": "s3", "code": None},
        {"action": "add", "target_id": "d", "code": {"system": "cpt", "code": "99283"}},
    ]

    decisions = decide(make_chart(decisions=stored, findings=[{"edit": "excludes1"}]), "I10")

    assert [(found["action"], found["target_id"]) for found in decisions] == [("reject", "s2")]


def test_a_suggested_visit_is_accepted_and_none_is_added() -> None:
    visit = {"suggestion_id": "v", "system": "cpt", "code": "99284", "selected": True}
    diagnosis = {"suggestion_id": "s1", "system": "icd10cm", "selected": True}

    decisions = decide(make_chart(suggestions=[diagnosis, visit]), "I10")

    assert [(found["action"], found["target_id"]) for found in decisions] == [("accept", "s1"), ("accept", "v")]


def test_another_service_is_no_visit_and_no_diagnosis() -> None:
    imaging = {"suggestion_id": "x", "system": "cpt", "code": "71046", "selected": True}

    decisions = decide(make_chart(suggestions=[imaging]), None)

    assert [found.get("target_id") or found["code"]["code"] for found in decisions] == ["x", "R69", "99283"]


def test_of_a_chart_that_billing_returned_the_visit_stays_and_other_services_go() -> None:
    names = {"s1": "icd10cm", "x": "cpt", "v": "cpt"}
    codes = {"s1": "J18.9", "x": "71046", "v": "99284"}
    suggestions = [
        {"suggestion_id": name, "system": system, "code": codes[name], "selected": True}
        for name, system in names.items()
    ]
    stored = [
        {"action": "accept", "target_id": name, "code": {"system": system, "code": codes[name]}}
        for name, system in names.items()
    ]

    decisions = decide(make_chart(suggestions=suggestions, decisions=stored, findings=[{"edit": "bundled"}]), None)

    assert [(found["action"], found["target_id"]) for found in decisions] == [("reject", "x")]


class QueueApi:
    """Answers as the queue API does, and fails the next requests on demand."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.failures: list[httpx.Response | httpx.TransportError] = []
        self.waiting = 1
        self.wishes: list[str] = []
        self.fail_on = ""
        self.loses_answers = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.loses_answers and request.url.path == "/v1/queue/lease-next":
            self.loses_answers -= 1
            self.wishes.append(request.headers["Idempotency-Key"])
            raise httpx.ReadError("cut off")
        self.calls.append((request.url.path, request.headers.get("Lease-Token", "")))
        if self.failures and request.url.path.endswith(self.fail_on):
            failure = self.failures.pop(0)
            if isinstance(failure, httpx.TransportError):
                raise failure
            return failure
        if request.url.path == "/v1/queue/lease-next":
            self.waiting -= 1
            self.wishes.append(request.headers["Idempotency-Key"])
            grant = {"chart_id": "c1", "lease_token": "t1", "work_item_id": "w1"}
            return httpx.Response(200, json=grant) if self.waiting >= 0 else httpx.Response(204)
        return httpx.Response(200, json=make_chart())

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.calls]


def make_coder(api: QueueApi) -> SimulatedCoder:
    client = httpx.AsyncClient(transport=httpx.MockTransport(api), base_url="http://queue")
    return SimulatedCoder(client, "token", {"Encounter/e1": "I10"})


ONE_CHART = ["/v1/queue/lease-next", "/v1/charts/c1", "/v1/charts/c1/decisions", "/v1/charts/c1/complete"]


async def test_a_chart_is_leased_read_decided_and_completed_under_its_lease() -> None:
    api = QueueApi()
    coder = make_coder(api)

    assert await coder.code_next()
    assert not await coder.code_next()

    assert api.paths == [*ONE_CHART, "/v1/queue/lease-next"]
    assert [token for _, token in api.calls[2:4]] == ["t1", "t1"]


@pytest.mark.parametrize("failure", [httpx.ConnectError("down"), httpx.Response(503)])
async def test_after_a_failure_it_goes_on_with_the_chart_it_holds(
    failure: httpx.Response | httpx.TransportError,
) -> None:
    api = QueueApi()
    api.fail_on, api.failures = "/complete", [failure]
    stop = asyncio.Event()
    work = asyncio.create_task(make_coder(api).work(stop))
    while api.paths.count("/v1/charts/c1/complete") < 2:
        await asyncio.sleep(0.01)
    stop.set()
    await work

    assert api.paths[: len(ONE_CHART) + 3] == [*ONE_CHART, *ONE_CHART[1:]]


async def test_a_lost_lease_is_let_go() -> None:
    api = QueueApi()
    api.fail_on, api.failures = "/decisions", [httpx.Response(409)]
    coder = make_coder(api)

    assert not await coder.code_next()
    assert not await coder.code_next()

    assert api.paths == [*ONE_CHART[:3], "/v1/queue/lease-next"]


async def test_a_lease_whose_answer_was_lost_is_asked_for_again_under_its_key() -> None:
    api = QueueApi()
    api.loses_answers = 1
    coder = make_coder(api)

    with pytest.raises(httpx.ReadError):
        await coder.code_next()
    assert await coder.code_next()
    assert not await coder.code_next()

    lost, granted, other = api.wishes
    assert lost == granted != other


async def test_at_the_end_it_gives_back_what_it_holds() -> None:
    api = QueueApi()
    api.fail_on, api.failures = "/complete", [httpx.Response(503)] * 1000
    stop = asyncio.Event()
    work = asyncio.create_task(make_coder(api).work(stop))
    while "/v1/charts/c1/complete" not in api.paths:
        await asyncio.sleep(0.01)
    stop.set()
    await work

    assert api.calls[-1] == ("/v1/work-items/w1/release", "t1")


async def test_a_refusal_is_an_error() -> None:
    api = QueueApi()
    api.failures = [httpx.Response(401, content=json.dumps({}))]

    with pytest.raises(httpx.HTTPStatusError):
        await make_coder(api).work(asyncio.Event())

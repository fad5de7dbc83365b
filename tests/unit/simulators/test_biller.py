"""The simulated biller takes each denial's proposed step, once, and corrects a chart a few times at most."""

import json

import httpx
import pytest

from services.simulators.biller import MOST_DENIALS, SimulatedBiller, choose_step


def view(proposed: str, denials: int = 1) -> dict[str, object]:
    return {"denial": {"denial_id": 7, "proposed": proposed}, "history": [{}] * denials}


@pytest.mark.parametrize(
    ("proposed", "denials", "step"),
    [
        ("correct", 1, "correct"),
        ("correct", MOST_DENIALS, "appeal"),
        ("appeal", 1, "appeal"),
        ("resubmit", 1, "resubmit"),
        ("resubmit", MOST_DENIALS, "write-off"),
        ("settle", 1, "settle"),
        ("write_off", MOST_DENIALS, "write-off"),
    ],
)
def test_the_proposed_step_while_it_can_help(proposed: str, denials: int, step: str) -> None:
    assert choose_step(view(proposed, denials)) == step


@pytest.mark.parametrize("status", [200, 409])
async def test_it_takes_the_step_and_lets_others_be_faster(status: int) -> None:
    taken: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            taken.append((request.url.path, json.loads(request.content)["reason"]))
            return httpx.Response(status, json={})
        listed = request.url.path == "/v1/denials"
        return httpx.Response(200, json={"denials": [{"denial_id": 7}]} if listed else view("correct"))

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://claims.test") as client:
        assert await SimulatedBiller(client, "token").work_list()
    assert [path for path, _ in taken] == ["/v1/denials/7/correct"]
    assert all(reason for _, reason in taken)

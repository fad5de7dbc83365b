"""The simulated biller: works the denial worklist over HTTP alone, as a lead in front of it would.

Place in the flow: between payers' denials and the coders who correct. Invariant: every denial gets one step, and a
chart goes back to its coder a few times at most, so a day ends.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

JsonObject = dict[str, Any]

MOST_DENIALS = 3
"""A chart that was denied so often goes back no more: a denial is appealed, a rejection written off."""
_INSTEAD = {"correct": "appeal", "resubmit": "write-off"}
IDLE_SECONDS = 0.5
LETTERS: Mapping[str, str] = {
    "correct": "The payer names something that the coder can correct.",
    "resubmit": "The payer refused the claim; what it names is corrected and the claim sent again.",
    "settle": "The payer confirms that nothing is owed.",
    "appeal": "The record supports what was billed; the words are quoted here.",
    "write-off": "Nothing more can be asked for.",
}


def choose_step(view: JsonObject) -> str:
    """Choose the step for a denial as `GET /v1/denials/{id}` shows it: the proposed one, while it can help."""
    proposed = str(view["denial"]["proposed"]).replace("_", "-")
    return _INSTEAD.get(proposed, proposed) if len(view["history"]) >= MOST_DENIALS else proposed


class SimulatedBiller:
    """One lead with a token of their own."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._authorization = {"Authorization": f"Bearer {token}"}

    async def work(self, stop: asyncio.Event) -> None:
        """Take a step for every open denial until `stop`; while the service is down, wait."""
        while not stop.is_set():
            try:
                busy = await self.work_list()
            except httpx.TransportError:
                busy = False
            except httpx.HTTPStatusError as error:
                if not error.response.is_server_error:
                    raise
                busy = False
            if not busy:
                await asyncio.sleep(IDLE_SECONDS)

    async def work_list(self) -> bool:
        """Take a step for each denial of the first page; False when none is open."""
        page = await self._send("GET", "/v1/denials", params={"status": "open"})
        for denial in page["denials"]:
            path = f"/v1/denials/{denial['denial_id']}"
            step = choose_step(await self._send("GET", path))
            await self._take(f"{path}/{step}", LETTERS[step])
        return bool(page["denials"])

    async def _take(self, path: str, reason: str) -> None:
        """Take a step; somebody, or a new coding of the chart, may have been faster."""
        try:
            await self._send("POST", path, json={"reason": reason})
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise

    async def _send(self, method: str, path: str, **more: Any) -> Any:
        response = await self._client.request(method, path, headers=self._authorization, **more)
        return response.raise_for_status().json()

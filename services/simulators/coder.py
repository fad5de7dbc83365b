"""The simulated medical coder: takes charts from the queue and decides, over HTTP alone, as a person's workbench would.

Place in the flow: between the queue API and the claims that follow. Invariant: it knows what a person in front of the
chart would know and nothing of the service's insides.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx

JsonObject = dict[str, Any]

VISIT_SERVICES: Mapping[str, str] = {"AMB": "99213", "EMER": "99283", "IMP": "99232"}
"""The CPT number of the visit by encounter class: a middle level, since nobody reads these charts."""
VISIT_NUMBERS = "99"
"""How the CPT numbers of visits begin."""
DIAGNOSES, SERVICES = "icd10cm", "cpt"
ILLNESS_UNSPECIFIED = "R69"
IDLE_SECONDS = 0.2
LEASE_LOST = "lease-lost"
NOT_SUPPORTED = "Not reported: the documentation does not make it a condition of this encounter."
BILLING_KEEPS_FIRST = "Returned by billing; the first-listed diagnosis and the visit alone are kept."


def decide(chart: JsonObject, reason_for_visit: str | None) -> list[JsonObject]:
    """Decide about a chart as `GET /v1/charts/{id}` shows it; `reason_for_visit` is an ICD-10-CM code.

    Selected suggestions are accepted and the others rejected; without any, the diagnosis is the reason for the visit,
    else the first suggestion, else "illness, unspecified". A suggested visit is accepted like the rest; only where none
    is suggested the coder adds one. Of a chart that billing returned the first diagnosis and the visit stay.
    """
    suggestions = chart["suggestions"]
    diagnoses = [found for found in suggestions if found["system"] == DIAGNOSES]
    wanted = [found for found in suggestions if found["selected"]]
    if not reason_for_visit and not any(found in wanted for found in diagnoses):
        wanted += diagnoses[:1]
    decided = {decision["target_id"] for decision in chart["decisions"]}
    undecided = [found for found in suggestions if found["suggestion_id"] not in decided]
    decisions = [_accept(found) if found in wanted else _reject(found) for found in undecided]
    if chart["findings"]:
        kept = [found for found in wanted if found in diagnoses][:1]
        decisions += [
            _reject(found, BILLING_KEEPS_FIRST) for found in wanted if found not in kept and not _is_visit(found)
        ]
    accepted = [found for found in undecided if found in wanted]
    coded = {decision["code"]["system"] for decision in chart["decisions"] if decision["code"]}
    if DIAGNOSES not in coded and not any(found in diagnoses for found in accepted):
        decisions.append(_add(DIAGNOSES, reason_for_visit or ILLNESS_UNSPECIFIED, "Reason for the visit."))
    if not has_visit(chart, accepted):
        service = VISIT_SERVICES.get(chart["encounter"]["encounter_class"], VISIT_SERVICES["AMB"])
        decisions.append(_add(SERVICES, service, "The visit."))
    return decisions


def has_visit(chart: JsonObject, accepted: Sequence[JsonObject]) -> bool:
    """Whether a visit is on the claim: among the suggestions accepted now, or decided about before."""
    before = [decision["code"] for decision in chart["decisions"] if decision["code"]]
    return any(_is_visit(code) for code in (*accepted, *before))


def _is_visit(code: JsonObject) -> bool:
    return code["system"] == SERVICES and str(code["code"]).startswith(VISIT_NUMBERS)


class SimulatedCoder:
    """One coder with a token of their own. `reasons` has the ICD-10-CM code of the reason by encounter reference."""

    def __init__(self, client: httpx.AsyncClient, token: str, reasons: Mapping[str, str]) -> None:
        self._client = client
        self._authorization = {"Authorization": f"Bearer {token}"}
        self._reasons = reasons
        self._grant: JsonObject | None = None
        self._wish = str(uuid4())
        """The key of the lease that is asked for: when its answer was lost, asking again gets the same lease."""

    async def work(self, stop: asyncio.Event) -> None:
        """Code one chart after the other until `stop`, then give back what is held.

        While the service is down, wait and go on where it stopped.
        """
        try:
            while not stop.is_set():
                if not await self._try_next():
                    await asyncio.sleep(IDLE_SECONDS)
        finally:
            await self._give_back()

    async def _try_next(self) -> bool:
        try:
            return await self.code_next()
        except httpx.TransportError:
            return False
        except httpx.HTTPStatusError as error:
            if not error.response.is_server_error:
                raise
            return False

    async def _give_back(self) -> None:
        """Release the chart that is held, so that it waits for nobody; a service that is down frees it by itself."""
        if grant := self._grant:
            self._grant = None
            lease = {"Lease-Token": grant["lease_token"]}
            with contextlib.suppress(httpx.HTTPError):
                await self._send("POST", f"/v1/work-items/{grant['work_item_id']}/release", headers=lease)

    async def code_next(self) -> bool:
        """Lease the next chart, or take the one that is still held; decide, complete.

        Returns False when no chart waits, the lease was lost or the chart cannot be completed. Raises httpx.HTTPError
        when the service cannot be reached or refuses; called again it reads the chart again, so that no decision is
        stored twice.
        """
        self._grant = self._grant or await self._lease_next()
        if self._grant is None:
            return False
        path = f"/v1/charts/{self._grant['chart_id']}"
        chart = (await self._send("GET", path)).json()
        decisions = decide(chart, self._reasons.get(chart["encounter"]["reference"]))
        lease = {"Lease-Token": self._grant["lease_token"]}
        kept = not decisions or await self._change(f"{path}/decisions", lease, {"decisions": decisions})
        kept = kept and await self._change(f"{path}/complete", lease)
        self._grant = None
        return kept

    async def _lease_next(self) -> JsonObject | None:
        try:
            response = await self._send("POST", "/v1/queue/lease-next", headers={"Idempotency-Key": self._wish})
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.CONFLICT:
                raise
            if LEASE_LOST in error.response.text:  # what this wish got has expired meanwhile
                self._wish = str(uuid4())
            return None
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        self._wish = str(uuid4())
        grant: JsonObject = response.json()
        return grant

    async def _change(self, path: str, lease: Mapping[str, str], body: JsonObject | None = None) -> bool:
        """Change a leased chart; False when the lease is lost or the chart has points that a coder cannot close."""
        try:
            await self._send("POST", path, body=body, headers=lease)
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
                raise
            return False
        return True

    async def _send(
        self, method: str, path: str, *, body: JsonObject | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        everything = {**self._authorization, **(headers or {})}
        response = await self._client.request(method, path, json=body, headers=everything)
        return response.raise_for_status()


def _accept(suggestion: JsonObject) -> JsonObject:
    return {"action": "accept", "target_id": suggestion["suggestion_id"]}


def _reject(suggestion: JsonObject, reason: str = NOT_SUPPORTED) -> JsonObject:
    return {"action": "reject", "target_id": suggestion["suggestion_id"], "reason": reason}


def _add(system: str, code: str, reason: str) -> JsonObject:
    return {"action": "add", "code": {"system": system, "code": code}, "reason": reason}

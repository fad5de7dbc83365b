"""Simulated payers: one FastAPI app that answers `Claim/$submit` for any number of payers, and `claim.bundle.v1`.

Place in the flow: the outside world behind the claims service, for the demo and the tests; it knows nothing of
Chartline but FHIR and the two topics. `POST /fhir/Claim/$submit` is the payer `default`, `POST /<payer>/fhir/...` any
other. `PUT /behaviour` makes a payer fail, hang or lie; `GET /received` proves that nothing was billed twice.
Invariant: it refuses every Bundle that breaks a rule of `shared.fhir.bundle_rules`, with 422 and the places.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from services.simulators.payer_desk import ALL_PAYERS, Mode, PayerDesk, UnusableBundle
from services.simulators.payer_kafka import answer_topic
from shared.kafka.settings import KafkaSettings
from shared.web.errors import FHIR_JSON, OperationOutcomeResponse, operation_outcome


class PayerSettings(BaseModel):
    """Where the payers listen and how they are. Without `kafka` they answer over HTTP only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65_535)
    kafka: KafkaSettings | None = None
    denial_percent: float = Field(default=12.0, ge=0, le=100)
    paid_percent: float = Field(default=75.0, ge=0, le=100)
    slow_seconds: float = Field(default=2.0, ge=0)
    longest_hang_seconds: float = Field(default=600.0, gt=0)


class Behaviour(BaseModel):
    """How one payer, or all of them, shall behave from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode
    payer_id: str = ALL_PAYERS


def create_payer_app(settings: PayerSettings | None = None, desk: PayerDesk | None = None) -> FastAPI:
    """Build the app; give it a `desk` to look into from a test."""
    settings = settings or PayerSettings()
    desk = desk or PayerDesk(settings.denial_percent, settings.paid_percent)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with _answering_topic(settings, desk):
            yield

    app = FastAPI(title="Simulated payers", lifespan=lifespan)

    @app.post("/fhir/Claim/$submit")
    async def submit(request: Request) -> Response:
        """Take a claim of the payer `default`."""
        return await _answer(request, "default", desk, settings)

    @app.post("/{payer_id}/fhir/Claim/$submit")
    async def submit_to(payer_id: str, request: Request) -> Response:
        """Take a claim."""
        return await _answer(request, payer_id, desk, settings)

    @app.get("/{payer_id}/fhir/ClaimResponse")
    async def search(payer_id: str, named: Annotated[str, Query(alias="request:identifier")]) -> Response:
        """Tell what was decided about a claim, while the payer is not down."""
        if desk.mode_of(payer_id) is Mode.FAIL:
            return _refuse(503, "unavailable", "transient", "the payer is down")
        answer = desk.find_answer(named.rpartition("|")[2], payer_id)
        entry = f',"entry":[{{"resource":{answer.decode()}}}]' if answer else ""
        return Response(f'{{"resourceType":"Bundle","type":"searchset"{entry}}}', media_type=FHIR_JSON)

    @app.put("/behaviour")
    async def behave(behaviour: Behaviour) -> Behaviour:
        """Change how a payer behaves."""
        desk.set_mode(behaviour.mode, behaviour.payer_id)
        return behaviour

    @app.get("/received")
    async def received(payer_id: Annotated[str, Query()] = ALL_PAYERS) -> dict[str, int]:
        """Count what came in."""
        return desk.count_received(payer_id)

    return app


def run_payer(settings: PayerSettings) -> None:
    """Serve until SIGINT or SIGTERM."""
    app = create_payer_app(settings)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="critical", access_log=False)


async def _answer(request: Request, payer_id: str, desk: PayerDesk, settings: PayerSettings) -> Response:
    mode = desk.mode_of(payer_id)
    body = await request.body()
    if mode is Mode.FAIL:
        return _refuse(503, "unavailable", "transient", "the payer is down")
    if mode is Mode.REJECT:
        return _refuse(422, "not-eligible", "business-rule", "the payer does not take this claim")
    try:
        answer = desk.take_in(body, payer_id)
    except UnusableBundle as error:
        places = tuple(issue.expression for issue in error.issues)
        return _refuse(422, error.issues[0].rule, "invalid", "the Bundle breaks rules", places)
    if mode is Mode.TIMEOUT:
        await _hang(request, settings.longest_hang_seconds)
    if mode is Mode.SLOW:
        await asyncio.sleep(settings.slow_seconds)
    if mode is Mode.PEND:
        answer = _pend(answer)
    kind = _BrokenResponse if mode is Mode.DROP_ANSWER else Response
    return kind(answer, media_type=FHIR_JSON)


def _refuse(status: int, code: str, issue_type: str, text: str, places: tuple[str, ...] = ()) -> Response:
    return OperationOutcomeResponse(operation_outcome(code, issue_type, text, places), status_code=status)


def _pend(answer: bytes) -> bytes:
    """The answer of a payer that has not decided."""
    undecided = {name: value for name, value in json.loads(answer).items() if name not in ("item", "adjudication")}
    return json.dumps({**undecided, "outcome": "queued"}).encode()


async def _hang(request: Request, seconds: float) -> None:
    """Keep the caller waiting until it gives up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while (await request.receive())["type"] != "http.disconnect":
                pass


class _BrokenResponse(Response):
    """Promises the whole answer, sends the half of it, and leaves; the server then breaks the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half of the body."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


@asynccontextmanager
async def _answering_topic(settings: PayerSettings, desk: PayerDesk) -> AsyncIterator[None]:
    if settings.kafka is None:
        yield
        return
    task = asyncio.create_task(answer_topic(settings.kafka, desk, slow_seconds=settings.slow_seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

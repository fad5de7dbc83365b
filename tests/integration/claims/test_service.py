"""The whole service on Apache Kafka: codings in, answers out by both channels, the API, and a stop in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI
from pydantic import SecretStr

from services.claims import MIGRATION_PACKAGES, SCHEMA
from services.claims.app import create_app
from services.claims.claim import Channel, identify_claim, identify_void
from services.claims.consumer import GROUP as CLAIMS_GROUP
from services.claims.consumer import TOPICS as CLAIMS_TOPICS
from services.claims.payers import PayerProfile
from services.claims.settings import ClaimsOptions, ClaimsSettings
from services.simulators.payer import PayerSettings, create_payer_app
from services.simulators.payer_adjudication import Verdict
from services.simulators.payer_desk import Mode, PayerDesk
from services.simulators.payer_kafka import GROUP as PAYER_GROUP
from services.simulators.payer_x12 import X12Payer
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartCoded, ChartWithdrawn
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings
from shared.postgres.settings import PostgresSettings
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders import claim
from tests.builders.x12_claims import priced_line, x12_case, x12_partner
from tests.conftest import PoolFor
from tests.integration.claims.conftest import fhir_profile, serving, wrap
from tests.unit.claims.codings import coded_chart

PATIENCE_SECONDS = 60.0
TOKEN = {"Authorization": "Bearer test-token"}


@pytest.fixture
async def kafka(kafka_bootstrap: str) -> KafkaSettings:
    """Groups of this test's own, which begin after what other tests have left in the topics."""
    settings = KafkaSettings(
        bootstrap_servers=kafka_bootstrap, group_prefix=f"test-{uuid4().hex[:8]}", replication_factor=1
    )
    await create_topics(settings, TOPICS)
    await _begin_at_end(settings, CLAIMS_GROUP, CLAIMS_TOPICS)
    await _begin_at_end(settings, PAYER_GROUP, (Topic.CLAIM_BUNDLE,))
    return settings


async def _begin_at_end(kafka: KafkaSettings, group: str, topics: Sequence[Topic]) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=f"{kafka.group_prefix}-{group}", enable_auto_commit=False
    )
    await consumer.start()
    try:
        partitions = {spec.name: spec.partitions for spec in TOPICS}
        places = [TopicPartition(str(topic), number) for topic in topics for number in range(partitions[topic])]
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
    finally:
        await consumer.stop()


@pytest.fixture
async def settings(kafka: KafkaSettings, postgres_dsn: str, pool_for: PoolFor) -> ClaimsSettings:
    """A migrated service without payers on HTTP."""
    await pool_for(SCHEMA, MIGRATION_PACKAGES)
    principal = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.LEAD}))
    return ClaimsSettings(
        postgres=PostgresSettings(dsn=SecretStr(postgres_dsn)),
        kafka=kafka,
        web=WebSettings(port=0, tokens={hash_token("test-token"): principal}),
    )


def _with_payers(settings: ClaimsSettings, base: str) -> ClaimsSettings:
    payers = {
        "http": fhir_profile(f"{base}/http/fhir"),
        "topic": PayerProfile(payors=("Organization/payer-topic",), answer_patience_hours=0.0003),
    }
    return settings.model_copy(update={"claims": ClaimsOptions(payers=payers, default_payer="http", idle_seconds=0.1)})


async def _publish(kafka: KafkaSettings, *codings: ChartCoded) -> None:
    async with open_producer(kafka) as producer:
        for coded in codings:
            key = str(coded.chart_id).encode()
            await producer.send_and_wait(Topic.CHART_CODED, wrap(coded).encode(), key=key)


async def _await_states(client: httpx.AsyncClient, wanted: dict[UUID, str]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answers = [await client.get(f"/v1/claims/{claim_id}") for claim_id in wanted]
            states = {UUID(each.json()["claim_id"]): each.json()["state"] for each in answers if each.is_success}
            if states == wanted:
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app) as base, httpx.AsyncClient(base_url=base, headers=TOKEN) as client:
        yield client


async def test_codings_become_answered_claims_by_both_channels(settings: ClaimsSettings) -> None:
    desk = PayerDesk(denial_percent=0)
    over_http = [coded_chart() for _ in range(5)]
    over_kafka = [coded_chart(payer_id="payer-topic") for _ in range(5)]
    wanted = {identify_claim(each.chart_id, 1, "http"): "accepted" for each in over_http}
    wanted |= {identify_claim(each.chart_id, 1, "topic"): "accepted" for each in over_kafka}
    async with serving(create_payer_app(PayerSettings(kafka=settings.kafka), desk)) as base:
        app = create_app(_with_payers(settings, base))
        async with _running(app) as client:
            assert (await client.get("/readyz")).json() == {"postgres": "ready"}
            await _publish(settings.kafka, *over_http, *over_kafka, *over_http)
            await _await_states(client, wanted)
            stats = (await client.get("/v1/stats")).json()
            page = (await client.get("/v1/claims", params={"state": "accepted", "limit": 4})).json()
            rest = (await client.get("/v1/claims", params={"cursor": page["next"]})).json()
            submissions = (await client.get(f"/v1/claims/{next(iter(wanted))}/submissions")).json()["submissions"]
    assert stats["states"]["accepted"] == 10
    assert stats["unbalanced_charts"] == stats["unserved_lanes"] == []
    assert [(each["payer_id"], each["breaker"]["state"]) for each in stats["breakers"]] == [("http", "closed")]
    assert len(page["claims"]) + len(rest["claims"]) == 10
    assert submissions[0]["outcome"] == "answered"
    counts = desk.count_received()
    assert (counts["identifiers"], counts["effective_claims"], counts["altered"]) == (10, 10, 0)


async def test_a_coding_is_scrubbed_ahead_and_nothing_is_kept(settings: ClaimsSettings) -> None:
    service = Principal(subject="coder", practitioner="Practitioner/coder", roles=frozenset({Role.INTEGRATION}))
    tokens = {**settings.web.tokens, hash_token("service-token"): service}
    app = create_app(settings.model_copy(update={"web": WebSettings(port=0, tokens=tokens)}))
    sound = coded_chart()
    wrong = coded_chart(final_claim=claim(diagnoses=("J18",)))
    headers = {"Authorization": "Bearer service-token", "Content-Type": "application/json"}
    async with _running(app) as client:
        answers = [
            await client.post("/v1/scrub", content=each.model_dump_json(), headers=headers) for each in (sound, wrong)
        ]
        forbidden = await client.post("/v1/scrub", content=sound.model_dump_json())
        stats = (await client.get("/v1/stats")).json()
    previews = [each.json() for each in answers]
    errors = [[each["edit"] for each in one["findings"] if each["severity"] == "error"] for one in previews]
    assert [one["is_sendable"] for one in previews] == [not found for found in errors] == [True, False]
    assert any("specific" in edit for edit in errors[1])
    assert forbidden.status_code == 403
    assert set(stats["states"].values()) == {0}


async def test_codings_become_paid_claims_by_files(settings: ClaimsSettings, tmp_path: Path) -> None:
    partner = x12_partner(tmp_path)
    partner.outbound.mkdir()
    partner.inbound.mkdir()
    files = {"files": PayerProfile(channel=Channel.X12, x12=partner)}
    options = ClaimsOptions(payers=files, default_payer="files", idle_seconds=0.1)
    services = ("99213", "71046", "80053")
    cases = [x12_case(item=[priced_line(1, "professional", service)]) for service in services]
    codings = [coded_chart(final_claim=case.claim, resources=case.others) for case in cases]
    wanted = {identify_claim(each.chart_id, 1, "files"): "paid" for each in codings}
    payer = X12Payer(partner.outbound, partner.inbound)
    async with _running(create_app(settings.model_copy(update={"claims": options}))) as client:
        await _publish(settings.kafka, *codings)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(payer.received) < len(codings):
                payer.work(Verdict.ACCEPTED)
                await asyncio.sleep(0.05)
        await _await_states(client, wanted)
    assert set(payer.received.values()) == {1}


async def test_denials_are_worked_and_withdrawn_charts_voided_on_real_kafka(settings: ClaimsSettings) -> None:
    desk = PayerDesk(denial_percent=0)
    desk.set_mode(Mode.DENY, "http")
    denied, withdrawn = coded_chart(), coded_chart(payer_id="payer-topic")
    wanted = {identify_claim(denied.chart_id, 1, "http"): "denied"}
    wanted |= {identify_claim(withdrawn.chart_id, 1, "topic"): "accepted"}
    async with AsyncExitStack() as opened:
        base = await opened.enter_async_context(serving(create_payer_app(PayerSettings(kafka=settings.kafka), desk)))
        client = await opened.enter_async_context(_running(create_app(_with_payers(settings, base))))
        await _publish(settings.kafka, denied, withdrawn)
        await _await_states(client, wanted)
        (denial,) = (await client.get("/v1/denials", params={"status": "open"})).json()["denials"]
        path = f"/v1/denials/{denial['denial_id']}"
        blank = await client.post(f"{path}/appeal", json={"reason": " "})
        appealed = await client.post(f"{path}/appeal", json={"reason": "The record supports it."})
        again = await client.post(f"{path}/appeal", json={"reason": "The record supports it."})
        packet = (await client.get(f"{path}/packet")).json()
        of_claim = (await client.get(f"/v1/claims/{denial['claim_id']}/denials")).json()
        await _publish_withdrawal(settings.kafka, withdrawn.chart_id)
        void_id = identify_void(withdrawn.chart_id, 1, "topic")
        await _await_states(client, {identify_claim(withdrawn.chart_id, 1, "topic"): "voided", void_id: "accepted"})
    assert [each.status_code for each in (blank, appealed, again)] == [422, 200, 409]
    assert appealed.json()["denial"]["status"] == "appealed"
    assert packet["entry"][0]["resource"]["payload"][0] == {"contentString": "The record supports it."}
    assert [each["denial_id"] for each in of_claim["denials"]] == [denial["denial_id"]]
    assert desk.count_received("topic")["effective_claims"] == 0


async def _publish_withdrawal(kafka: KafkaSettings, chart_id: UUID) -> None:
    data = ChartWithdrawn(chart_id=chart_id, chart_version=2, coding_version=1, reason="encounter-void")
    envelope = Envelope[ChartWithdrawn](source="test", type=Topic.CHART_WITHDRAWN, subject=str(chart_id), data=data)
    async with open_producer(kafka) as producer:
        await producer.send_and_wait(Topic.CHART_WITHDRAWN, envelope.encode(), key=str(chart_id).encode())


async def test_a_service_that_stops_in_between_loses_nothing_and_bills_nothing_twice(settings: ClaimsSettings) -> None:
    desk = PayerDesk(denial_percent=0)
    codings = [coded_chart() for _ in range(3)] + [coded_chart(payer_id="payer-topic") for _ in range(3)]
    payers = ["http"] * 3 + ["topic"] * 3
    ids = [identify_claim(coded.chart_id, 1, payer) for coded, payer in zip(codings, payers, strict=True)]
    async with serving(create_payer_app(PayerSettings(kafka=settings.kafka), desk)) as base:
        desk.set_mode(Mode.DROP_ANSWER)
        async with _running(create_app(_with_payers(settings, base))):
            await _publish(settings.kafka, *codings)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while desk.count_received()["identifiers"] < 6:
                    await asyncio.sleep(0.05)
        desk.set_mode(Mode.ACCEPT)
        async with _running(create_app(_with_payers(settings, base))) as client:
            await _await_states(client, dict.fromkeys(ids, "accepted"))
    counts = desk.count_received()
    assert (counts["identifiers"], counts["effective_claims"], counts["altered"]) == (6, 6, 0)
    assert counts["resent"] >= 6


async def test_the_api_needs_a_token_and_knows_what_is_not_there(settings: ClaimsSettings) -> None:
    async with _running(create_app(settings)) as client:
        unknown = await client.get(f"/v1/claims/{uuid4()}")
        stranger = await client.get("/v1/stats", headers={"Authorization": "Bearer no"})
        conflict = await client.post(f"/v1/claims/{uuid4()}/requeue")
    assert (unknown.status_code, stranger.status_code, conflict.status_code) == (404, 401, 404)
    assert unknown.json()["resourceType"] == "OperationOutcome"

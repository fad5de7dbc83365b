"""A query's whole round on a real Kafka and Postgres: sent by the service, answered by the simulated clinician."""

import asyncio
import contextlib

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from services.simulators.physician import answer_queries
from shared.kafka.producer import open_producer
from tests.builders.charts import ready_chart
from tests.builders.queries import cite, query
from tests.integration.coder.test_app import kafka, lease_when_open, publish, running, settings, state_of

__all__ = ["kafka", "settings"]

TEXT = "Impression: community-acquired pneumonia. Plan: antibiotics for pneumonia, cough syrup."


async def test_a_sent_query_is_answered_over_kafka_and_the_chart_comes_back(settings: CoderSettings) -> None:
    chart = ready_chart(text=TEXT)
    content = query(indicators=(cite("community-acquired pneumonia", TEXT), cite("antibiotics for pneumonia", TEXT)))
    body = {"content": content.model_dump(mode="json"), "addressee": "Practitioner/dr-1"}
    physician = asyncio.create_task(answer_queries(settings.kafka))
    try:
        async with (
            asyncio.timeout(120),
            open_producer(settings.kafka) as producer,
            running(create_app(settings)) as client,
        ):
            await publish(producer, chart)
            await lease_when_open(client, chart)
            written = (await client.post(f"/v1/charts/{chart.chart_id}/queries", json=body)).raise_for_status().json()
            url = f"/v1/queries/{written['query_id']}"
            (await client.post(f"{url}/send", json={})).raise_for_status()
            while (view := (await client.get(url)).json())["state"] != "answered":
                await asyncio.sleep(0.1)
            assert "Bacterial pneumonia" in view["answer"]
            assert view["addendum"] == f"DiagnosticReport/addendum-{written['query_id']}"
            assert view["addendum_in_chart"] is False
            assert await state_of(client, chart) == "open"
    finally:
        physician.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await physician

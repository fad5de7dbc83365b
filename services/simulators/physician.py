"""The simulated clinician: answers queries on Kafka, with an addendum that goes the way of every report.

Place in the flow: reads `query.request.v1`, writes `query.response.v1` and the addendum to `fhir.diagnostic-report.v1`.
Invariants: it reads what a clinician would read, the CommunicationRequest alone; a request that comes again gets the
same answer.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.kafka.connection import connection_arguments
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings

GROUP = "simulated-physician"
_BOX = "[ ] "
_WAYS_OUT = ("other", "unable to determine")
_CANNOT_TELL = "Clinically unable to determine."
_ADDENDUM_LOINC = {"system": systems.LOINC, "code": "55107-7", "display": "Addendum Document"}
_RETRY_SECONDS = 1.0

JsonObject = dict[str, Any]


def answer_request(bundle: JsonObject) -> tuple[JsonObject, JsonObject] | None:
    """Answer a request: the Bundle for the coder and the addendum in it; None for what asks nothing any more.

    The first clinical answer is chosen; an open question, which a simulation cannot judge, is answered as unknown.
    """
    resources = {entry["resource"]["resourceType"]: entry["resource"] for entry in bundle["entry"]}
    task, request = resources["Task"], resources["CommunicationRequest"]
    if task["status"] != "requested":
        return None
    words = choose_answer([payload["contentString"] for payload in request["payload"]])
    addendum = _write_addendum(request, words)
    communication = {
        "resourceType": "Communication",
        "id": f"answer-{request['id']}"[:64],
        "status": "completed",
        "basedOn": [{"reference": f"CommunicationRequest/{request['id']}"}],
        "sender": request["recipient"][0],
        "payload": [
            {"contentString": words},
            {"contentReference": {"reference": f"DiagnosticReport/{addendum['id']}"}},
        ],
    }
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{each['resourceType']}/{each['id']}", "resource": each}
        for each in (communication, addendum)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}, addendum


def choose_answer(payloads: Sequence[str]) -> str:
    """The first answer that is not a way out, else that it cannot be told."""
    boxes = (words.removeprefix(_BOX) for words in payloads if words.startswith(_BOX))
    return next((words for words in boxes if not words.lower().startswith(_WAYS_OUT)), _CANNOT_TELL)


def _write_addendum(request: JsonObject, words: str) -> JsonObject:
    """The report by which the answer becomes part of the record; it takes the time of the question."""
    text = f"ADDENDUM\n\n{request['payload'][0]['contentString']}: {words}\n"
    return {
        "resourceType": "DiagnosticReport",
        "id": f"addendum-{request['id']}"[:64],
        "status": "final",
        "code": {"coding": [_ADDENDUM_LOINC], "text": "Addendum"},
        **({"subject": request["subject"]} if "subject" in request else {}),
        "encounter": request["encounter"],
        "effectiveDateTime": request["authoredOn"],
        "issued": request["authoredOn"],
        "performer": request["recipient"],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}],
    }


async def answer_queries(kafka: KafkaSettings, *, think_seconds: float = 0.0) -> None:
    """Answer queries until cancelled; while the broker is away, try again."""
    while True:
        with contextlib.suppress(KafkaError, OSError):
            async with open_producer(kafka) as producer:
                await _answer_all(kafka, producer, think_seconds)
        await asyncio.sleep(_RETRY_SECONDS)


async def _answer_all(kafka: KafkaSettings, producer: AIOKafkaProducer, think_seconds: float) -> None:
    consumer = AIOKafkaConsumer(
        Topic.QUERY_REQUEST,
        **connection_arguments(kafka),
        group_id=f"{kafka.group_prefix}-{GROUP}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=kafka.max_record_bytes,
    )
    await consumer.start()
    try:
        while True:
            polled = await consumer.getmany(timeout_ms=kafka.poll_timeout_ms)
            for record in (record for records in polled.values() for record in records if record.value):
                await asyncio.sleep(think_seconds)
                await _answer_one(producer, json.loads(record.value))
            if polled:
                await consumer.commit({place: records[-1].offset + 1 for place, records in polled.items()})
    finally:
        await consumer.stop()


async def _answer_one(producer: AIOKafkaProducer, bundle: JsonObject) -> None:
    """The addendum first: when the answer arrives, the record has it or will have it soon."""
    answered = answer_request(bundle)
    if answered is None:
        return
    answer, addendum = answered
    encounter = addendum["encounter"]["reference"].rsplit("/", 1)[-1].encode()
    await producer.send_and_wait(Topic.FHIR_DIAGNOSTIC_REPORT, key=encounter, value=json.dumps(addendum).encode())
    key = bundle["identifier"]["value"].encode()
    await producer.send_and_wait(Topic.QUERY_RESPONSE, key=key, value=json.dumps(answer).encode())

"""Everything that a feed can get wrong, thrown in between: it ends where the ledger says and stops nothing."""

import base64
import json
from collections import Counter
from collections.abc import Sequence

import asyncpg

from services.local.demo import Day, run_day
from services.local.progress import Steps
from services.local.stack import Stack
from services.local.state import StateFolder
from services.simulators.events import Event
from shared.contracts.topics import Topic
from tests.chaos.conftest import open_apache_stack

MALFORMED = b'{"resourceType": "Encounter", "id": "cut-o'
UNEXPECTED = json.dumps({"resourceType": "Basic", "id": "basic-1", "code": {"text": "anything"}}).encode()
BIG_TEXT = "No acute cardiopulmonary disease. " * 60_000


def enlarge(report: bytes) -> bytes:
    """The same report with two megabytes of text more, in a later version."""
    resource = json.loads(report)
    text = base64.b64encode(BIG_TEXT.encode()).decode()
    resource["presentedForm"] = [{"contentType": "text/plain", "data": text}]
    resource["id"] = f"{resource['id']}-big"
    return json.dumps(resource).encode()


def throw_in(events: Sequence[Event]) -> tuple[Event, ...]:
    """The day with bad input at its middle, and everything twice."""
    middle = len(events) // 2
    report = next(event for event in events if event.topic == Topic.FHIR_DIAGNOSTIC_REPORT)
    bad = (
        Event(Topic.FHIR_ENCOUNTER, b"x", MALFORMED),
        Event(Topic.FHIR_ENCOUNTER, b"x", b""),
        Event(Topic.FHIR_RESOURCE, b"x", UNEXPECTED),
        Event(Topic.FHIR_DIAGNOSTIC_REPORT, report.key, enlarge(report.value)),
    )
    return (*events[:middle], *bad, *events[middle:], *events)


async def test_bad_input_is_accounted_for_and_stops_nothing(state: StateFolder, day: Day, steps: Steps) -> None:
    thrown = throw_in(day.events)
    async with open_apache_stack(state, steps) as stack:
        outcome = await run_day(stack, Day(thrown, day.charts, day.reasons), steps)
        held = await read_held(stack)
    assert outcome.unaccounted == ()
    ledger = outcome.ledger
    assert ledger.totals["charts"] == day.charts
    assert ledger.totals["events_in"] == len(thrown)
    (ingest,) = [room for room in ledger.rooms if room.name == "ingest"]
    born_bad = Counter(value for value in held if value not in (MALFORMED, b""))
    assert held.count(MALFORMED) == held.count(b"") == 1
    assert set(born_bad.values()) <= {2}, "what the simulator made badly is held each time"
    duplicates = sum(count for (_, found), count in ingest.outcomes.items() if found == "duplicate")
    assert duplicates == len(day.events) - len(born_bad)


async def read_held(stack: Stack) -> list[bytes]:
    """What ingest has in quarantine, in order of arrival."""
    connection = await asyncpg.connect(stack.postgres.dsn.get_secret_value())
    try:
        rows = await connection.fetch("select body from ingest.quarantine order by quarantine_id")
        return [row["body"] for row in rows]
    finally:
        await connection.close()

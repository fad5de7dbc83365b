"""Reads a folder of FHIR as the events that an integration engine would send, in the order in which they happened.

Place in the flow: `replay` sends what this yields. Invariant: the bytes of a resource are those in the file; its topic
and key come from its type, encounter and id alone. All is held in memory: a folder is a day, not a hospital's years.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.contracts.errors import InvalidContent
from shared.contracts.topics import Topic
from shared.fhir.elements import latest_moment_of
from shared.fhir.parse import JsonObject, Resource, parse_resource
from shared.fhir.slices import elements, members

TOPIC_OF_TYPE: Mapping[str, Topic] = {
    "Encounter": Topic.FHIR_ENCOUNTER,
    "DiagnosticReport": Topic.FHIR_DIAGNOSTIC_REPORT,
}
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One record to send. `happened_at` orders events; context has none and goes first."""

    topic: Topic
    key: bytes | None
    value: bytes
    happened_at: datetime = _ALWAYS


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found: events in order, and the files that hold no FHIR."""

    events: tuple[Event, ...]
    skipped: tuple[Path, ...]


def read_events(path: Path) -> Reading:
    """Read one file, or all `*.ndjson`, `*.jsonl` and `*.json` below a folder.

    A line of ndjson that is not a resource is sent all the same: ingest says what is wrong with it. A JSON file without
    a resource, such as an export's manifest, is skipped.
    """
    events: list[Event] = []
    skipped: list[Path] = []
    for file in _files(path):
        found = list(_read_lines(file) if file.suffix in (".ndjson", ".jsonl") else _read_document(file))
        events += found
        if not found:
            skipped.append(file)
    return Reading(tuple(sorted(events, key=lambda event: event.happened_at)), tuple(skipped))


def event_of(value: bytes) -> Event:
    """Give one resource its topic, key and time; what is no resource goes to the context topic without a key."""
    try:
        return _event_of(parse_resource(value))
    except InvalidContent:
        return Event(Topic.FHIR_RESOURCE, None, value)


def _event_of(resource: Resource) -> Event:
    topic = TOPIC_OF_TYPE.get(resource.resource_type, Topic.FHIR_RESOURCE)
    key = resource.resource_id
    if topic is Topic.FHIR_DIAGNOSTIC_REPORT:
        key = _encounter_id(resource.content) or key
    when = _ALWAYS if topic is Topic.FHIR_RESOURCE else _moment(resource.content)
    return Event(topic, key.encode() if key else None, resource.body.encode(), when)


def _encounter_id(content: JsonObject) -> str | None:
    encounter = content.get("encounter")
    reference = encounter.get("reference") if isinstance(encounter, dict) else None
    return str(reference).rsplit("/", 1)[-1] if reference else None


def _moment(content: JsonObject) -> datetime:
    """When the event was: the end of an encounter, else its start; the issue of a report, else what it is about."""
    period = content.get("period")
    period = period if isinstance(period, dict) else {}
    for value in (period.get("end"), period.get("start"), content.get("issued"), content.get("effectiveDateTime")):
        if isinstance(value, str):
            with suppress(ValueError):
                return latest_moment_of(value)
    return _ALWAYS


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.suffix in (".ndjson", ".jsonl", ".json"))


def _read_lines(file: Path) -> Iterator[Event]:
    with file.open("rb") as lines:
        yield from (event_of(stripped) for line in lines if (stripped := line.strip()))


def _read_document(file: Path) -> Iterator[Event]:
    """The resources of a JSON file: of a Bundle its entries, cut out of its text, else the one that it is."""
    try:
        resource = parse_resource(file.read_bytes().strip())
    except InvalidContent:
        return
    if resource.resource_type != "Bundle":
        yield event_of(resource.body.encode())
        return
    entries = members(resource.body).get("entry")
    for entry in elements(resource.body, entries.start) if entries else ():
        inside = members(resource.body, entry.start).get("resource")
        if inside:
            yield event_of(resource.body[inside.start : inside.end].encode())

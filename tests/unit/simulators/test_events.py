import json
from pathlib import Path

import pytest

from services.simulators.events import event_of, read_events
from shared.contracts.topics import Topic

ENCOUNTER = (
    b'{"resourceType":"Encounter","id":"e1","period":{"start":"2026-09-01T08:00:00Z","end":"2026-09-01T09:00:00Z"}}'
)
REPORT = (
    b'{"resourceType":"DiagnosticReport","id":"r1","encounter":{"reference":"Encounter/e1"},'
    b'"issued":"2026-09-01T08:30:00Z"}'
)
PATIENT = b'{"resourceType":"Patient", "id":"p1", "multipleBirthInteger": 1}'


@pytest.mark.parametrize(
    ("value", "topic", "key"),
    [
        (ENCOUNTER, Topic.FHIR_ENCOUNTER, b"e1"),
        (REPORT, Topic.FHIR_DIAGNOSTIC_REPORT, b"e1"),
        (b'{"resourceType":"DiagnosticReport","id":"r2"}', Topic.FHIR_DIAGNOSTIC_REPORT, b"r2"),
        (PATIENT, Topic.FHIR_RESOURCE, b"p1"),
        (b'{"resourceType":"Patient"}', Topic.FHIR_RESOURCE, None),
        (b'{"resourceType":"Patient"', Topic.FHIR_RESOURCE, None),
        (b"\xff\xfe", Topic.FHIR_RESOURCE, None),
    ],
)
def test_a_resource_goes_to_its_topic_under_its_key_with_its_bytes(
    value: bytes, topic: Topic, key: bytes | None
) -> None:
    event = event_of(value)

    assert (event.topic, event.key, event.value) == (topic, key, value)


def test_context_goes_first_and_the_rest_in_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(ENCOUNTER + b"\n" + REPORT + b"\n\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "z.ndjson").write_bytes(PATIENT)

    assert [event.value for event in read_events(tmp_path).events] == [PATIENT, REPORT, ENCOUNTER]


def test_a_time_that_nobody_can_read_does_not_stop_the_reading() -> None:
    event = event_of(b'{"resourceType":"Encounter","id":"e","period":{"end":"yesterday","start":"2026-09"}}')

    assert event.happened_at.year == 2026


def test_the_entries_of_a_bundle_are_cut_out_as_they_stand(tmp_path: Path) -> None:
    text = b'{ "resourceType" : "Bundle", "entry" : [ {"fullUrl":"x", "resource" : ' + PATIENT
    text += b'}, {"request":{"method":"DELETE"}}, {"resource":' + ENCOUNTER + b"} ] }"
    (tmp_path / "bundle.json").write_bytes(text)

    assert [event.value for event in read_events(tmp_path / "bundle.json").events] == [PATIENT, ENCOUNTER]


def test_json_without_a_resource_is_skipped_and_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"output": []}))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "patient.json").write_bytes(PATIENT)

    reading = read_events(tmp_path)

    assert [event.value for event in reading.events] == [PATIENT]
    assert [path.name for path in reading.skipped] == ["broken.json", "manifest.json"]

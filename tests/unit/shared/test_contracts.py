"""Messages: what is written can be read, what is wrong is named, and the committed schemas are those of the code."""

import json
from uuid import uuid4

import jsonschema
import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.errors import InvalidContent
from shared.contracts.messages import ChartReady, ClaimDraft, ClaimReturned, Finding, ResourceVersion
from shared.contracts.schemas import SCHEMA_FOLDER, make_schemas

BODY = '{"resourceType":"Claim","id":"c1","total":{"value":878.50}}'


def make_draft() -> Envelope[ClaimDraft]:
    claim = ResourceVersion.of("Claim", "c1", BODY)
    data = ClaimDraft(chart_id=uuid4(), chart_version=3, claim=claim)
    return Envelope[ClaimDraft](source="coder", type="claim.draft.v1", subject=str(data.chart_id), data=data)


def test_an_envelope_survives_the_wire_to_the_byte() -> None:
    sent = make_draft()
    received = Envelope[ClaimDraft].decode(sent.encode())
    assert received == sent
    assert received.data.claim.body == BODY


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (None, "no value"),
        (b"\xff", "the record"),
        (b"[]", "the record"),
        (b'{"specversion":"1.0"}', "source"),
    ],
)
def test_a_wrong_record_is_named_by_place(value: bytes | None, place: str) -> None:
    with pytest.raises(InvalidContent, match=place):
        Envelope[ClaimDraft].decode(value)


def test_an_unknown_field_and_a_changed_body_are_refused_without_quoting_them() -> None:
    event = json.loads(make_draft().encode())
    event["data"]["claim"]["body"] += " Jane Roe"
    with pytest.raises(InvalidContent) as changed:
        Envelope[ClaimDraft].decode(json.dumps(event).encode())
    assert changed.value.expression == "data.claim"
    assert "Jane" not in str(changed.value)
    event = json.loads(make_draft().encode())
    event["data"]["more"] = "Jane Roe"
    with pytest.raises(InvalidContent, match=r"extra_forbidden at data\.more"):
        Envelope[ClaimDraft].decode(json.dumps(event).encode())


def test_the_committed_schemas_are_those_of_the_code() -> None:
    committed = {path.name: json.loads(path.read_text()) for path in SCHEMA_FOLDER.glob("*.json")}
    assert committed == make_schemas(), "run `python -m shared.contracts.schemas`"


def test_a_message_passes_its_schema_and_a_broken_one_does_not() -> None:
    schema = make_schemas()["claim.draft.v1.json"]
    event = json.loads(make_draft().encode())
    jsonschema.validate(event, schema)
    del event["data"]["chart_id"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(event, schema)


def test_every_message_type_has_a_schema() -> None:
    assert {"chart.ready.v1.json", "chart.coded.v1.json", "claim.returned.v1.json"} <= set(make_schemas())
    assert ChartReady.model_fields
    finding = Finding(edit="x", severity="error", message="m", fix="f")
    assert ClaimReturned(chart_id=uuid4(), coding_version=1, findings=(finding,)).findings == (finding,)

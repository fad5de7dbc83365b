"""Every producer's form gives back the resource's own text."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.envelopes import unwrap
from shared.contracts.errors import InvalidContent
from tests.builders import Resource, as_text, bundle, encounter, entry, patient

SOURCE = '{"resourceType":"Patient", "id":"pt-1",\n "multipleBirthInteger": 2, "x": 878.50, "note": "é \\u00e9"}'
"""Text with a layout, a decimal and escapes that no printer would give back."""


def linux_for_health(resource: str) -> str:
    return (
        '{"lastUpdated":"2026-09-01T10:00:00Z","location":"Patient/pt-1/_history/1","operationType":"create",'
        f'"resourceId":"pt-1","datasourceId":"default","tenantId":"default","resource": {resource} }}'
    )


def hapi(resource: str) -> str:
    return json.dumps({"resourceId": "Patient/pt-1", "operationType": "CREATE", "payload": resource, "payloadId": "x"})


def google(data: str, action: str = "UpdateResource") -> str:
    attributes = {"action": action, "payloadType": "FullResource", "resourceType": "Patient"}
    return json.dumps({"message": {"attributes": attributes, "data": base64.b64encode(data.encode()).decode()}})


def in_bundle(resource: str, bundle_type: str = "transaction") -> str:
    return f'{{"resourceType":"Bundle","type":"{bundle_type}","entry":[ {{"fullUrl":"x","resource" : {resource}}} ] }}'


def history_of(one: Resource) -> str:
    return as_text({"resourceType": "Bundle", "type": "history", "entry": [one]})


BUNDLE_TYPES = ["transaction", "batch", "collection", "message", "history", "document", "subscription-notification"]
FORMS = {
    "plain": SOURCE,
    "linux for health": linux_for_health(SOURCE),
    "hapi": hapi(SOURCE),
    "hapi message": json.dumps({"headers": {"a": 1}, "payload": hapi(SOURCE)}),
    "hapi message, payload as object": f'{{"headers":{{}},"payload":{hapi(SOURCE)}}}',
    "google": google(SOURCE),
    "bundle in google": google(in_bundle(SOURCE)),
    **{f"bundle of type {each}": in_bundle(SOURCE, each) for each in BUNDLE_TYPES},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_resource_comes_out_as_it_was_written(form: str) -> None:
    assert unwrap(form.encode()) == [SOURCE]


def test_carriers_are_dropped_and_order_is_kept() -> None:
    header = {"resourceType": "MessageHeader", "id": "m"}
    message = bundle(header, patient("pt-1"), patient("pt-2"), bundle_type="message")
    assert unwrap(as_text(message).encode()) == [as_text(patient("pt-1")), as_text(patient("pt-2"))]


def test_a_history_comes_out_oldest_first() -> None:
    history = bundle(encounter(version=2), encounter(version=1), bundle_type="history")
    assert unwrap(as_text(history).encode()) == [as_text(encounter(version=1)), as_text(encounter(version=2))]


def test_a_heartbeat_carries_nothing() -> None:
    status = {"resourceType": "SubscriptionStatus", "status": "active", "type": "heartbeat"}
    assert unwrap(as_text(bundle(status, bundle_type="subscription-notification")).encode()) == []
    assert unwrap(as_text(bundle(bundle_type="history")).encode()) == []


NOTICE: Resource = {"operationType": "DELETE", "resourceId": "Patient/1", "payload": None}


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (linux_for_health("null"), "id-only"),
        (linux_for_health(SOURCE).replace('"create"', '"delete"'), "deleted-at-source"),
        (json.dumps({"operationType": "delete", "resourceId": "1", "tenantId": "t"}), "deleted-at-source"),
        (json.dumps(NOTICE), "deleted-at-source"),
        (json.dumps({**NOTICE, "operationType": "UPDATE"}), "id-only"),
        (json.dumps({"operationType": "UPDATE", "resourceId": "Patient/1"}), "id-only"),
        (json.dumps({"headers": {}, "payload": None}), "id-only"),
        (google("projects/p/fhirStores/s/fhir/Patient/1"), "id-only"),
        (google(SOURCE, "DeleteResource"), "deleted-at-source"),
        (json.dumps({"message": {"attributes": {}, "data": "%%%"}}), "unknown-envelope"),
        (
            history_of(entry(None, method="DELETE")),
            "deleted-at-source",
        ),
        (
            history_of(entry(None, full_url="Patient/1")),
            "id-only",
        ),
        (in_bundle(SOURCE, "transaction-response"), "unexpected-bundle"),
        (in_bundle(in_bundle(SOURCE)), "unexpected-bundle"),
        ('{"resourceType": "Bundle", "type": []}', "unexpected-bundle"),
        (as_text({"resourceType": "Bundle", "type": "batch", "entry": ["x"]}), "unexpected-bundle"),
        (as_text({"resourceType": "Bundle", "type": "batch", "entry": {"a": 1}}), "unexpected-bundle"),
        ('{"hello": "world"}', "unknown-envelope"),
        ("[]", "not-an-object"),
    ],
)
def test_what_carries_no_resource_is_refused_with_its_code(form: str, code: str) -> None:
    with pytest.raises(InvalidContent) as caught:
        unwrap(form.encode())
    assert caught.value.code == code


def test_envelopes_cannot_be_nested_without_end() -> None:
    form = SOURCE
    for _ in range(6):
        form = hapi(form)
    with pytest.raises(InvalidContent):
        unwrap(form.encode())


def is_taken_or_refused(value: bytes) -> bool:
    try:
        return isinstance(unwrap(value), list)
    except InvalidContent as error:
        return bool(error.code)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_resources_or_a_coded_refusal(value: bytes) -> None:
    assert is_taken_or_refused(value)


_MEMBERS = st.sampled_from(
    ["resourceType", "type", "entry", "resource", "operationType", "payload", "tenantId", "message", "data", "headers"]
)
_VALUES = st.recursive(
    st.none() | st.sampled_from(["Bundle", "batch", "Patient", "delete", "e30="]),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(_MEMBERS, children, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_MEMBERS, _VALUES))
def test_any_mixture_of_known_members_gives_resources_or_a_coded_refusal(content: dict[str, object]) -> None:
    assert is_taken_or_refused(json.dumps(content).encode())

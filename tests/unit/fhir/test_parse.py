"""Bytes become resources strictly, and slices are the sender's text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.errors import InvalidContent
from shared.fhir.parse import parse_resource
from shared.fhir.references import find_references, read_reference
from shared.fhir.slices import elements, members

SOURCE = (
    ' {"resourceType" : "Claim", "total": {"value": 878.50}, "when": "2026-01-01T00:00:00.000Z", "a": [1, {"b": []}] } '
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=10,
)


def test_the_body_is_what_was_sent() -> None:
    resource = parse_resource(SOURCE.encode())
    assert resource.body == SOURCE
    assert (resource.resource_type, resource.resource_id) == ("Claim", None)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"\xc3", "not-utf8"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b'{"resourceType": NaN}', "not-json"),
        (b'{"resourceType": "\\ud800"}', "not-json"),
        (b'{"a": 1e999}', "not-json"),
        (b"[" * 3000, "not-json"),
        (b"[1]", "not-an-object"),
        (b"{}", "no-resource-type"),
        (b'{"resourceType": ""}', "no-resource-type"),
        (b'{"resourceType": 7}', "no-resource-type"),
    ],
)
def test_what_is_not_strict_is_refused_with_its_code(value: bytes, code: str) -> None:
    with pytest.raises(InvalidContent) as caught:
        parse_resource(value)
    assert caught.value.code == code


def test_a_slice_keeps_the_form_of_decimals_and_times() -> None:
    spans = members(SOURCE)
    assert SOURCE[slice(*spans["total"])] == '{"value": 878.50}'
    assert SOURCE[slice(*spans["when"])] == '"2026-01-01T00:00:00.000Z"'
    assert [SOURCE[slice(*span)] for span in elements(SOURCE, spans["a"].start)] == ["1", '{"b": []}']


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.sampled_from([None, 0, 3]))
def test_every_member_is_cut_exactly(content: dict[str, object], indent: int | None) -> None:
    text = json.dumps(content, indent=indent)
    spans = members(text)
    assert {name: json.loads(text[slice(*span)]) for name, span in spans.items()} == content


@given(st.lists(JSON_VALUES, max_size=4), st.sampled_from([None, 0, 3]))
def test_every_element_is_cut_exactly(content: list[object], indent: int | None) -> None:
    text = json.dumps(content, indent=indent)
    assert [json.loads(text[slice(*span)]) for span in elements(text)] == content


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Encounter/1", "Encounter/1"),
        ("https://server.example/fhir/Encounter/1", "Encounter/1"),
        ("https://server.example/fhir/Encounter/1/_history/7", "Encounter/1"),
        ("Encounter/1/_history/7", "Encounter/1"),
        ("#contained", None),
        ("urn:uuid:0c0c0c0c-0000-4000-8000-000000000000", None),
        ("Patient?identifier=a|b", None),
        ("encounter/1", None),
        (f"Encounter/{'x' * 65}", None),
        ("Encounter/1\n", None),
    ],
)
def test_literal_references_are_read_whatever_server_they_are_on(reference: str, expected: str | None) -> None:
    key = read_reference(reference)
    assert (key.reference if key else None) == expected


def test_references_are_found_at_any_depth() -> None:
    content = {"a": {"reference": "A/1"}, "b": [{"c": {"reference": "B/2"}}], "reference": 5}
    assert list(find_references(content)) == ["A/1", "B/2"]

"""JSON as text: single members change, every other byte stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.raw_json import drop_empty_members, find_members, replace_references, set_member

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=6)
indents = st.sampled_from([None, 0, 2])


@given(content=objects, indent=indents)
def test_members_are_found_where_they_stand(content: dict[str, object], indent: int | None) -> None:
    text = json.dumps(content, indent=indent)
    spans = find_members(text)
    assert {name: json.loads(text[start:end]) for name, (start, end) in spans.items()} == content


@given(content=objects, name=texts, value=values, indent=indents)
def test_setting_a_member_changes_that_member_only(
    content: dict[str, object], name: str, value: object, indent: int | None
) -> None:
    text = json.dumps(content, indent=indent)
    assert json.loads(set_member(text, name, json.dumps(value))) == {**content, name: value}


def test_numbers_and_escapes_stay_as_they_were_written() -> None:
    text = '{"a": 878.50, "b":"caf\\u00e9",\n "c" :[1.0E2] }'
    assert set_member(text, "d", "1") == '{"a": 878.50, "b":"caf\\u00e9",\n "c" :[1.0E2] ,"d":1}'
    assert set_member(text, "b", "null") == '{"a": 878.50, "b":null,\n "c" :[1.0E2] }'


@pytest.mark.parametrize("text", ["", "[]", '{"a"', '{"a":1', '{"a" 1}', '{"a":1 "b":2}', "{,}"])
def test_what_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json and this module raise different subclasses
        find_members(text)


@given(note=texts)
def test_a_reference_inside_a_string_is_not_a_reference(note: str) -> None:
    inner = json.dumps({"reference": "Patient/1", "note": note})
    text = json.dumps({"text": inner, "subject": {"reference": "Patient/1"}})
    replaced = json.loads(replace_references(text, lambda _target: '"gone":true'))
    assert replaced == {"text": inner, "subject": {"gone": True}}


def test_only_chosen_references_change() -> None:
    text = '{"a":{"reference" : "Patient/1"},"b":{"reference":"Patient\\/2"}}'
    assert replace_references(text, lambda target: '"x":1' if target == "Patient/2" else None) == (
        '{"a":{"reference" : "Patient/1"},"b":{"x":1}}'
    )


def _without_empty(value: object) -> object:
    if isinstance(value, dict):
        kept = {name: _without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None and each not in ({}, [])}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


flat_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(st.integers() | texts, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(content=st.dictionaries(texts, flat_values, max_size=6), indent=indents)
def test_empty_members_go_and_all_else_stays(content: dict[str, object], indent: int | None) -> None:
    assert json.loads(drop_empty_members(json.dumps(content, indent=indent))) == _without_empty(content)


def test_an_array_of_empty_objects_is_empty_and_text_that_looks_so_is_not() -> None:
    text = '{"a":[{ }, {}],"b":": []","c":"\\":[]","d":[null,1.50] , "e":{"f":{"g":[]}}}'
    assert drop_empty_members(text) == '{"b":": []","c":"\\":[]","d":[null,1.50] }'

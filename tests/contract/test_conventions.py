"""Every operation of every service keeps the conventions of docs/api.md, but for the exceptions in conventions.toml.

A new route fails here until it keeps them, and an exception that is none any more fails as well.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.web.wording import read_own_words
from tests.contract.conventions import CONVENTIONS, Operation, list_bodies, list_examples, list_operations
from tests.contract.documents import DOCUMENTS

TABLE = Path(__file__).with_name("conventions.toml")
EXCEPTIONS: Mapping[str, Mapping[str, str]] = tomllib.loads(TABLE.read_text())
OPERATIONS = [each for room, document in DOCUMENTS.items() for each in list_operations(room, document)]
by_name = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


class Parrot(BaseModel):
    """A bird."""

    name: str


@by_name
def test_an_operation_keeps_the_conventions(operation: Operation) -> None:
    missing = {name: [*find(operation)] for name, find in CONVENTIONS.items()}
    excepted = EXCEPTIONS.get(operation.name, {})
    new = {name: found for name, found in missing.items() if found and name not in excepted}
    assert not new, f"{operation.node['operationId']}: mend this, or say in {TABLE.name} why it must be so"
    assert {name for name in excepted if not missing[name]} == set(), f"{TABLE.name} excepts what is kept"


@by_name
def test_examples_are_what_their_schemas_say(operation: Operation) -> None:
    for place, content in list_bodies(operation):
        schema = {"components": operation.document["components"], **content.get("schema", {})}
        for example in list_examples(operation, content):
            if schema.get("type") != "object" or isinstance(example, dict):
                jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
            else:
                assert place == "200", "only streams are shown as text"


def test_an_exception_is_of_an_operation_and_has_a_reason() -> None:
    assert set(EXCEPTIONS) <= {each.name for each in OPERATIONS}
    for name, rows in EXCEPTIONS.items():
        assert set(rows) <= set(CONVENTIONS), name
        assert all(len(reason) > 10 for reason in rows.values()), name


@pytest.mark.parametrize("room", DOCUMENTS)
def test_operations_have_names_of_their_own(room: str) -> None:
    names = [each.node["operationId"] for each in OPERATIONS if each.room == room]
    assert len(set(names)) == len(names)


def test_every_word_is_of_something() -> None:
    named: dict[str, set[str]] = {}
    for room, document in DOCUMENTS.items():
        schemas = document["components"]["schemas"]
        named[room] = {name for schema in schemas.values() for name in schema.get("properties", {})}
        named[room] |= {f"{title}.{name}" for title, schema in schemas.items() for name in schema.get("properties", {})}
        named[room] |= {name for each in OPERATIONS if each.room == room for name in each.parameters}
        assert set(read_own_words(f"services.{room}")) <= named[room], f"{room} describes what it does not have"
    assert set(read_own_words("shared.web")) <= set.union(*named.values())


def test_what_breaks_a_convention_is_found() -> None:
    def list_all() -> list[Parrot]:
        """All of them."""
        return []

    def keep(parrot: Parrot) -> Parrot:
        """Keep one."""
        return parrot

    app = FastAPI()
    app.get("/v1/parrots")(list_all)
    app.post("/v1/parrots")(keep)
    app.put("/v1/parrots/{name}")(lambda name: name)
    listing, keeping, changing = list_operations("birds", app.openapi())
    found = [[name for name, find in CONVENTIONS.items() if [*find(each)]] for each in (listing, keeping, changing)]
    assert found[0] == ["cursor", "errors", "words", "examples"]
    assert found[1] == ["key", "errors", "words", "examples"]
    assert found[2] == ["match", "errors", "words", "examples"]

"""Words and examples of an OpenAPI document, from two files beside the service that it describes.

Place in the flow: `create_service_app` is told the service's package; `api_words.toml` there says what a parameter or
property is wherever its model does not, under its name or as `Schema.property`, and `api_examples.json` holds a request
and answers of each operation. Invariant: a model's own description stands before the file's; an example of what is not
there is an error. tests/contract holds every example against its schema.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files

from fastapi import FastAPI

from shared.web.openapi import Node, amend_openapi

WORDS, EXAMPLES = "api_words.toml", "api_examples.json"


def read_words(package: str) -> Mapping[str, str]:
    """Read what names mean in the API of a service; of its own and of what services share."""
    return read_own_words("shared.web") | read_own_words(package)


def read_own_words(package: str) -> dict[str, str]:
    """Read the words of one package alone."""
    file = files(package) / WORDS
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def read_examples(package: str) -> Mapping[str, Node]:
    """Read the examples by operation: `request`, and `answers` by status."""
    file = files(package) / EXAMPLES
    found: dict[str, Node] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def complete_wording(app: FastAPI, package: str) -> None:
    """Let the OpenAPI document of `app` say what the files of `package` say."""

    def amend(document: Node) -> None:
        words, operations = read_words(package), dict(_list_operations(document))
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _describe(parameter, words, parameter["name"])
        for name, schema in document["components"]["schemas"].items():
            for property_name, node in schema.get("properties", {}).items():
                _describe(node, words, f"{name}.{property_name}", property_name)
        for operation_id, examples in read_examples(package).items():
            _show(operations.get(operation_id), operation_id, examples)

    amend_openapi(app, amend)


def _list_operations(document: Node) -> Iterator[tuple[str, Node]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            yield operation["operationId"], operation


def _describe(node: Node, words: Mapping[str, str], *names: str) -> None:
    if not node.get("description"):
        node.update(next(({"description": words[name]} for name in names if name in words), {}))


def _show(operation: Node | None, operation_id: str, examples: Node) -> None:
    if operation is None:
        raise LookupError(f"{EXAMPLES} has an example of {operation_id}, which is no operation")
    if "request" in examples:
        _put(operation.get("requestBody"), operation_id, examples["request"])
    for status, answer in examples.get("answers", {}).items():
        _put(operation["responses"].get(status), operation_id, answer)


def _put(body: Node | None, operation_id: str, example: object) -> None:
    if body is None or "content" not in body:
        raise LookupError(f"{EXAMPLES} has an example of a body of {operation_id} that is not there")
    for content in body["content"].values():
        content["example"] = example

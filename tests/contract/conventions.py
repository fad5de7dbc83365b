"""What docs/api.md promises of every operation, read off an OpenAPI document.

Invariant: a convention is a function of one operation that names what is missing; nothing here knows a route by name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]
"""A part of an OpenAPI document; what it holds differs by name."""

OUTCOME = {"$ref": "#/components/schemas/OperationOutcome"}


@dataclass(frozen=True)
class Operation:
    """One method of one path of a service, in its document."""

    room: str
    method: str
    path: str
    node: Node
    document: Node

    @property
    def name(self) -> str:
        """As the table of exceptions names it."""
        return f"{self.room} {self.method} {self.path}"

    @property
    def parameters(self) -> Mapping[str, Node]:
        """The parameters by name."""
        return {each["name"]: each for each in self.node.get("parameters", ())}

    @property
    def answers(self) -> Mapping[str, Node]:
        """The answers by status."""
        found: Mapping[str, Node] = self.node["responses"]
        return found

    @property
    def shape(self) -> Node:
        """The schema of what a success answers, as its properties stand in it; {} where it is not JSON."""
        for status, answer in self.answers.items():
            if status.startswith("2"):
                for content in answer.get("content", {}).values():
                    return resolve(self.document, content.get("schema", {}))
        return {}

    @property
    def is_list(self) -> bool:
        """Whether a success answers rows alone: an array, or an object whose one array is all beside `next`."""
        rows = [each for each in self.shape.get("properties", {}).values() if each.get("type") == "array"]
        others = set(self.shape.get("properties", {})) - {"next"}
        return self.shape.get("type") == "array" or (len(rows) == len(others) == 1)


def list_operations(room: str, document: Node) -> Iterator[Operation]:
    """Every operation of a service under /v1."""
    for path, methods in document["paths"].items():
        for method, node in methods.items() if path.startswith("/v1/") else ():
            yield Operation(room, method.upper(), path, node, document)


def resolve(document: Node, schema: Node) -> Node:
    """Follow a reference within the document."""
    while "$ref" in schema:
        found: Node = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def list_bodies(operation: Operation) -> Iterator[tuple[str, Node]]:
    """Every body that is sent or answered: where it is, and its content."""
    for content in operation.node.get("requestBody", {}).get("content", {}).values():
        yield "request", content
    for status, answer in operation.answers.items():
        for content in answer.get("content", {}).values():
            yield status, content


def list_examples(operation: Operation, content: Node) -> Iterator[object]:
    """The examples of a body, or of its schema where it has none."""
    own = [each["value"] for each in content.get("examples", {}).values()]
    own += [content["example"]] if "example" in content else []
    yield from own or resolve(operation.document, content.get("schema", {})).get("examples", ())


def list_schemas(document: Node, schema: Node, seen: set[str]) -> Iterator[tuple[str, Node]]:
    """Every object that a schema is made of, with its name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            found = resolve(document, schema)
            yield name, found
            yield from list_schemas(document, found, seen)
        return
    for key in ("properties", "patternProperties", "$defs"):
        for each in schema.get(key, {}).values():
            yield from list_schemas(document, each, seen)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for each in schema.get(key, ()):
            yield from list_schemas(document, each, seen)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from list_schemas(document, schema[key], seen)


def find_missing_key(operation: Operation) -> Iterator[str]:
    """A POST can be sent again."""
    if operation.method == "POST" and "Idempotency-Key" not in operation.parameters:
        yield "takes no Idempotency-Key"


def find_missing_cursor(operation: Operation) -> Iterator[str]:
    """A list is read page by page."""
    if operation.method != "GET" or not operation.is_list:
        return
    yield from (f"takes no `{name}`" for name in ("cursor", "limit") if name not in operation.parameters)
    if "next" not in operation.shape.get("properties", {}):
        yield "answers no `next`"


def find_missing_tag(operation: Operation) -> Iterator[str]:
    """What is one thing has an ETag, and is not sent again."""
    if operation.method != "GET" or operation.is_list:
        return
    if "If-None-Match" not in operation.parameters or "304" not in operation.answers:
        yield "does not take If-None-Match and answer 304"
    if "ETag" not in operation.answers.get("200", {}).get("headers", {}):
        yield "answers without an ETag"


def find_missing_match(operation: Operation) -> Iterator[str]:
    """Nobody changes what they have not read."""
    if operation.method in ("PUT", "PATCH") and not ("If-Match" in operation.parameters and "412" in operation.answers):
        yield "does not take If-Match and refuse with 412"


def find_missing_errors(operation: Operation) -> Iterator[str]:
    """Every refusal is an OperationOutcome, shown by an example for each code."""
    takes = set(operation.parameters) or operation.node.get("requestBody")
    wanted = {"401", "403", "503"} | ({"422"} if takes else set())
    yield from (f"does not tell of {status}" for status in sorted(wanted - set(operation.answers)))
    for status, answer in operation.answers.items():
        if status[0] in "45":
            content = answer.get("content", {}).get("application/fhir+json", {})
            if content.get("schema") != OUTCOME or not content.get("examples"):
                yield f"refuses with {status}, but not as an OperationOutcome with examples"


def find_missing_words(operation: Operation) -> Iterator[str]:
    """Everything says what it is."""
    yield from (
        f"has no {each}" for each in ("summary", "description", "operationId", "tags") if not operation.node.get(each)
    )
    yield from (
        f"does not say what `{name}` is" for name, each in operation.parameters.items() if not each.get("description")
    )
    yield from (
        f"{status} has no description" for status, answer in operation.answers.items() if not answer.get("description")
    )
    seen: set[str] = set()
    for _, content in list_bodies(operation):
        for name, schema in list_schemas(operation.document, content.get("schema", {}), seen):
            for property_name, node in schema.get("properties", {}).items():
                if not node.get("description"):
                    yield f"does not say what {name}.{property_name} is"


def find_missing_examples(operation: Operation) -> Iterator[str]:
    """Every body is shown."""
    for place, content in list_bodies(operation):
        if not any(True for _ in list_examples(operation, content)):
            yield f"shows no {place}"


CONVENTIONS: Mapping[str, Callable[[Operation], Iterator[str]]] = {
    "key": find_missing_key,
    "cursor": find_missing_cursor,
    "tag": find_missing_tag,
    "match": find_missing_match,
    "errors": find_missing_errors,
    "words": find_missing_words,
    "examples": find_missing_examples,
}

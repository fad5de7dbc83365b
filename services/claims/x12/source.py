"""A Bundle as the X12 writer reads it: elements with their FHIRPath, and references that resolve; pure.

Place in the flow: `write_claim` makes one of the Bundle that was built. Invariant: an element that is not there is an
empty one with its path, so that whoever needs it can say where it is missing. Numbers are exact decimals.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

Element = dict[str, Any]
"""A FHIR element as a JSON reader gives it; its members differ by type."""

_read_exactly = json.JSONDecoder(parse_float=Decimal).decode


_NOTHING: Element = {}


class Node:
    """An element and its FHIRPath; nobody changes either. Two are the same only if they are one."""

    __slots__ = ("element", "path")

    def __init__(self, path: str, element: Element = _NOTHING) -> None:
        self.path = path
        self.element = element

    def __bool__(self) -> bool:
        """Tell whether there is anything in it."""
        return bool(self.element)

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}.{name}"

    def get(self, name: str) -> "Node":
        """A member that is an element."""
        value = self.element.get(name)
        return Node(f"{self.path}.{name}", value if isinstance(value, dict) else _NOTHING)

    def each(self, name: str) -> "list[Node]":
        """The repetitions of a member."""
        values = self.element.get(name)
        if not values:
            return []
        start = f"{self.path}.{name}["
        return [Node(f"{start}{position}]", value) for position, value in enumerate(values) if isinstance(value, dict)]

    def text(self, name: str) -> str:
        """A member that is a text, '' where there is none."""
        value = self.element.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """A member that is a list of texts."""
        return [value for value in self.element.get(name) or () if isinstance(value, str)]

    def numbers(self, name: str) -> list[int]:
        """A member that is a list of whole numbers."""
        return [value for value in self.element.get(name) or () if isinstance(value, int)]

    @property
    def sequence(self) -> int:
        """Its sequence; 0 where it has none."""
        value = self.element.get("sequence")
        return value if isinstance(value, int) else 0

    def decimal(self, name: str) -> Decimal | None:
        """A member that is a number, None where there is none."""
        return _read_number(self.element.get(name))

    def code(self, *wanted: str) -> str:
        """The first code of this CodeableConcept, of one of the `wanted` systems where these are given; else ''."""
        return _read_code(self.element, wanted)

    def code_of(self, name: str, *wanted: str) -> str:
        """The code of a member, as `code` has it."""
        concept = self.element.get(name)
        return _read_code(concept, wanted) if isinstance(concept, dict) else ""

    def value_of(self, name: str) -> Decimal | None:
        """The value of a member that is a Quantity or Money."""
        quantity = self.element.get(name)
        return _read_number(quantity.get("value")) if isinstance(quantity, dict) else None

    def identifier(self, *wanted: str) -> str:
        """The value of the first identifier in one of the systems, or ''."""
        for identifier in self.element.get("identifier") or ():
            if isinstance(identifier, dict) and identifier.get("system") in wanted:
                value = identifier.get("value")
                return value if isinstance(value, str) else ""
        return ""


def _read_code(concept: Element, wanted: tuple[str, ...]) -> str:
    for coding in concept.get("coding") or ():
        if isinstance(coding, dict) and (not wanted or coding.get("system") in wanted):
            code = coding.get("code")
            return code if isinstance(code, str) else ""
    return ""


def _read_number(value: object) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


class Source:
    """One Bundle: its Claim, and what the Claim refers to."""

    def __init__(self, bundle: bytes) -> None:
        """`bundle` is JSON whose first entry is the Claim."""
        content: Element = _read_exactly(bundle.decode())
        entries: list[Element] = content["entry"]
        self._resources = {entry.get("fullUrl", ""): entry.get("resource") or {} for entry in entries}
        self._found: dict[str, Element] = {}
        self.claim = Node("Claim", entries[0]["resource"])
        self.built_at: str = content.get("timestamp", "")
        self.identifier: str = (content.get("identifier") or {}).get("value", "")

    def resolve(self, reference: Node) -> Node:
        """The resource that a reference leads to, by way of a PractitionerRole to whom it is of; empty for nowhere."""
        target = reference.text("reference")
        if target not in self._found:
            self._found[target] = next(self._named(target), {}) if target else {}
        found = Node(f"{reference.path}.resolve()", self._found[target])
        is_role = found.text("resourceType") == "PractitionerRole"
        return self.resolve(found.get("practitioner") or found.get("organization")) if is_role else found

    def find(self, resource_type: str) -> Node:
        """The first resource of a type in the Bundle."""
        of_type = (each for each in self._resources.values() if each.get("resourceType") == resource_type)
        return Node(resource_type, next(of_type, {}))

    def _named(self, target: str) -> Iterator[Element]:
        if target.startswith("#"):
            contained: Iterable[Element] = self.claim.element.get("contained") or ()
            yield from (each for each in contained if each.get("id") == target[1:])
        for url, resource in self._resources.items():
            if url == target or url.endswith(f"/{target}"):
                yield resource

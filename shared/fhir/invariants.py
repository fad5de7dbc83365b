"""Rules of FHIR that the library does not check, as small registered functions.

Place in the flow: `validation` runs the library first and these after it, on the decoded resource. A rule takes the
resource and yields issues; `@invariant("Claim")` registers it for a type, `@invariant()` for every type.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from shared.fhir.bindings import Element, ModelClass, elements_of, known_model
from shared.fhir.issues import Issue
from shared.fhir.parse import JsonObject, Resource
from shared.fhir.references import ID_PATTERN, read_reference

MAX_DEPTH = 64
"""Levels of nesting; FHIR's own types stay below 20."""

Rule = Callable[[JsonObject], Iterable[Issue]]
_EVERY_TYPE = "*"
_MAY_BE_EMPTY_OR_NUL = re.compile(r"\[\s*\]|\{\s*\}|:\s*null|\\u0000")
"""Text that a resource with any of these must have; looking for it spares most resources the walk."""
_rules: dict[str, list[Rule]] = defaultdict(list)


def invariant(*resource_types: str) -> Callable[[Rule], Rule]:
    """Register a rule for these resource types, or for all."""

    def register(rule: Rule) -> Rule:
        for resource_type in resource_types or (_EVERY_TYPE,):
            _rules[resource_type].append(rule)
        return rule

    return register


def check_invariants(content: JsonObject) -> Iterator[Issue]:
    """Run every rule that applies to this resource."""
    for rule in (*_rules[_EVERY_TYPE], *_rules.get(content["resourceType"], ())):
        yield from rule(content)


def check_shape(resource: Resource) -> Iterator[Issue]:
    """Check what must hold before any model may look: depth, no NUL character; and warn of what is empty."""
    resource_type = resource.resource_type
    if _depth_of(resource.content) > MAX_DEPTH:
        yield Issue("too-deep", "structure", resource_type, f"more than {MAX_DEPTH} levels")
    elif _MAY_BE_EMPTY_OR_NUL.search(resource.body):
        yield from _find_empty_or_nul(resource.content, resource_type)


def _depth_of(content: JsonObject) -> int:
    """Count the levels, at most one more than are allowed."""
    level: list[JsonObject | list[object]] = [content]
    depth = 0
    while level and depth <= MAX_DEPTH:
        level = [child for value in level for child in _values(value) if isinstance(child, dict | list)]
        depth += 1
    return depth


def _values(value: JsonObject | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def _find_empty_or_nul(value: object, path: str) -> Iterator[Issue]:
    if isinstance(value, dict | list):
        if not value:
            yield Issue("empty-element", "structure", path, "an element must not be empty", "warning")
        for place, child in _children(value):
            if child is None and isinstance(value, dict):
                yield Issue("empty-element", "structure", path + place, "an element must not be null", "warning")
            yield from _find_empty_or_nul(child, path + place)
    elif isinstance(value, str) and "\0" in value:
        yield Issue("nul-character", "value", path, "a string must not have U+0000")


def _children(value: JsonObject | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        return ((f".{name}", child) for name, child in value.items())
    return ((f"[{index}]", child) for index, child in enumerate(value))


@invariant()
def check_id(content: JsonObject) -> Iterator[Issue]:
    """`id` has 1 to 64 letters, digits, '-' and '.'."""
    found = content.get("id")
    if found is not None and not ID_PATTERN.match(str(found)):
        yield Issue("id-format", "value", f"{content['resourceType']}.id", "an id has 1 to 64 of [A-Za-z0-9-.]")


@invariant()
def check_elements(content: JsonObject) -> Iterator[Issue]:
    """Codes of required bindings, and types of reference targets, as the library's metadata lists them."""
    model = known_model(content["resourceType"])
    if model is not None:
        yield from _check_object(content, model, str(content["resourceType"]))


def _check_object(content: JsonObject, model: ModelClass, path: str) -> Iterator[Issue]:
    described = elements_of(model)
    for name, value in content.items():
        element = described.get(name)
        if element is None:
            continue
        if not isinstance(value, list):
            yield from _check_element(value, element, f"{path}.{name}")
            continue
        for index, child in enumerate(value):
            yield from _check_element(child, element, f"{path}.{name}[{index}]")


def _check_element(value: object, element: Element, path: str) -> Iterator[Issue]:
    if isinstance(value, str):
        if element.codes and value not in element.codes:
            yield Issue("required-binding", "code-invalid", path, "the code is not in the value set of the element")
    elif isinstance(value, dict):
        if element.targets:
            yield from _check_target(value, element, path)
        if element.model is not None:
            yield from _check_object(value, element.model, path)


def _check_target(value: JsonObject, element: Element, path: str) -> Iterator[Issue]:
    key = read_reference(str(value.get("reference", "")))
    named = key.resource_type if key else value.get("type")
    if named and named not in element.targets:
        allowed = ", ".join(sorted(element.targets))
        yield Issue("reference-target", "value", f"{path}.reference", f"the element refers to {allowed}")

"""Whole validation of one resource: shape, the library's R4B models, and the invariants that they lack.

Place in the flow: once at intake and once on a finished Claim, never between, and never on an event loop in bulk: a
resource costs 0.2 to 2 ms. Invariant: issues name rule and place; no message carries content.
"""

from itertools import islice

from pydantic import ValidationError

from shared.contracts.errors import InvalidContent
from shared.fhir import claim_rules  # noqa: F401 - registers its rules
from shared.fhir.bindings import known_model
from shared.fhir.invariants import check_invariants, check_shape
from shared.fhir.issues import Issue
from shared.fhir.parse import JsonObject, Resource, parse_resource

UNKNOWN_TYPE = "unknown-resource-type"
_MOST_ISSUES = 20


def validate(body: str) -> tuple[Issue, ...]:
    """Return what is wrong with the JSON text of a resource, at most 20 issues a layer; empty when it is valid."""
    try:
        resource = parse_resource(body)
    except InvalidContent as error:
        return (Issue(error.code, error.issue_type, error.expression or "", error.message),)
    return validate_resource(resource)


def validate_resource(resource: Resource) -> tuple[Issue, ...]:
    """Return what is wrong with a parsed resource, in the order shape, structure, invariants."""
    shape = tuple(islice(check_shape(resource), _MOST_ISSUES))
    if any(issue.severity == "error" for issue in shape):
        return shape
    # The library takes null for any element, required ones too; it means that the element is not there.
    content = _drop_nulls(resource.content) if shape else resource.content
    structure = _check_structure(content)
    return shape + (structure or tuple(islice(check_invariants(content), _MOST_ISSUES)))


def _drop_nulls(content: JsonObject) -> JsonObject:
    return {name: _drop_inner_nulls(value) for name, value in content.items() if value is not None}


def _drop_inner_nulls(value: object) -> object:
    if isinstance(value, dict):
        return _drop_nulls(value)
    return [_drop_inner_nulls(child) for child in value] if isinstance(value, list) else value


def _check_structure(content: JsonObject) -> tuple[Issue, ...]:
    resource_type = str(content["resourceType"])
    model = known_model(resource_type)
    if model is None:
        return (Issue(UNKNOWN_TYPE, "not-supported", "resourceType", "no resource of FHIR R4 has this type"),)
    try:
        model.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)[:_MOST_ISSUES]
        return tuple(
            Issue(str(each["type"]), "structure", _path(resource_type, each["loc"]), "the library refuses the element")
            for each in found
        )
    except (KeyError, AttributeError, ValueError, RecursionError):
        # The library meets an unknown type of a contained resource, or of an entry, with these.
        return (Issue("unreadable", "structure", resource_type, "a contained resource or entry has no known type"),)
    return ()


def _path(resource_type: str, location: tuple[int | str, ...]) -> str:
    return resource_type + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)

"""How refusals stand in an OpenAPI document: every one an OperationOutcome, those that any request may meet included.

Place in the flow: routes name the errors of their use cases by `document_errors`; `complete_refusals` adds, when the
document is asked for, what the web layer itself refuses. Invariant: no operation under `/v1` documents an error that is
not an OperationOutcome, and none keeps one to itself.
"""

from fastapi import FastAPI

from shared.contracts.errors import (
    ChartlineError,
    Forbidden,
    InvalidContent,
    RevisionChanged,
    Unauthenticated,
    Unavailable,
)
from shared.postgres.answers import KeyReused, RequestInFlight
from shared.web.errors import FHIR_JSON, BodyTooLarge, operation_outcome
from shared.web.openapi import Node, amend_openapi
from shared.web.repeating import IDEMPOTENCY_KEY
from shared.web.tags import IF_MATCH

_TITLES = {
    401: "No bearer token, or one that is not known.",
    403: "The caller does not have the role.",
    404: "Nothing is there under this id.",
    409: "The state has moved on, or the same request is being done: read again before trying again.",
    412: "It is not any more what the ETag in If-Match says: read again before trying again.",
    413: "The request is larger than the service takes.",
    422: "The request cannot be done as it is; each issue says the place and the fix.",
    503: "A part that this needs is down; trying again may work.",
}
_REFERENCE = {"$ref": "#/components/schemas/OperationOutcome"}
_CODING = {
    "type": "object",
    "required": ["system", "code"],
    "properties": {"system": {"type": "string"}, "code": {"type": "string", "description": "Stable: docs/api.md."}},
}
_ISSUE = {
    "type": "object",
    "required": ["severity", "code", "details"],
    "properties": {
        "severity": {"const": "error"},
        "code": {"type": "string", "description": "FHIR issue-type."},
        "details": {
            "type": "object",
            "required": ["coding", "text"],
            "properties": {
                "coding": {"type": "array", "items": _CODING, "minItems": 1},
                "text": {"type": "string", "description": "What is wrong and the fix; never what was sent."},
            },
        },
        "expression": {"type": "array", "items": {"type": "string"}, "description": "Where it is wrong."},
    },
}
_OUTCOME = {
    "title": "OperationOutcome",
    "description": "A FHIR R4 OperationOutcome: why a request was refused, one issue for each reason.",
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome", "description": "What it is."},
        "issue": {"type": "array", "items": _ISSUE, "minItems": 1, "description": "One for each reason."},
    },
}


def document_errors(*errors: type[ChartlineError], roles: bool = True) -> dict[int | str, Node]:
    """Describe the refusals of a route for its OpenAPI page: 401, 403 when it asks for roles, and those of `errors`."""
    met = (Unauthenticated, *((Forbidden,) if roles else ()), *errors)
    return {
        status: _describe(status, [error for error in met if error.http_status == status])
        for status in {error.http_status for error in met}
    }


def complete_refusals(app: FastAPI) -> None:
    """Let the OpenAPI document of `app` tell what any route may answer, and all of it as OperationOutcome."""

    def amend(document: Node) -> None:
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for replaced in ("HTTPValidationError", "ValidationError"):
            schemas.pop(replaced, None)
        schemas["OperationOutcome"] = _OUTCOME
        for path, operations in document["paths"].items():
            for operation in operations.values() if path.startswith("/v1/") else ():
                _complete(operation)

    amend_openapi(app, amend)


def _complete(operation: Node) -> None:
    answers: Node = operation["responses"]
    met: list[type[ChartlineError]] = [Unauthenticated, Forbidden, Unavailable]
    if operation.get("parameters") or "requestBody" in operation:
        met.append(InvalidContent)
    if "requestBody" in operation:
        met.append(BodyTooLarge)
    named = {each["name"] for each in operation.get("parameters", ())}
    if IDEMPOTENCY_KEY in named:
        met += [KeyReused, RequestInFlight]
    if IF_MATCH in named:
        met.append(RevisionChanged)
    for error in met:
        described = _describe(error.http_status, [error])
        known = answers.get(str(error.http_status), {}).get("content", {}).get(FHIR_JSON, {}).get("examples", {})
        described["content"][FHIR_JSON]["examples"] |= known
        answers[str(error.http_status)] = described
    operation["responses"] = dict(sorted(answers.items()))


def _describe(status: int, errors: list[type[ChartlineError]]) -> Node:
    examples = {
        error.code: {"value": operation_outcome(error.code, error.issue_type, (error.__doc__ or "").strip())}
        for error in errors
    }
    return {"description": _TITLES[status], "content": {FHIR_JSON: {"schema": _REFERENCE, "examples": examples}}}

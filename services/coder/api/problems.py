"""How refusals look: OperationOutcomes, in the answers and on the OpenAPI page.

Invariant: `details.coding.code` is the stable code of an issue, `expression` its place, and no issue repeats content.
"""

from typing import Any, cast

from fastapi import Request

from services.coder.work_item import ChartNotComplete
from shared.contracts.errors import ChartlineError
from shared.web.errors import FHIR_JSON, OperationOutcomeResponse, operation_outcome

_TITLES = {
    401: "No bearer token, or one that is not known.",
    403: "The caller does not have the role.",
    404: "Nothing is there under this id.",
    409: "The lease is not the caller's any more, or the state has moved on: read again before trying again.",
    412: "It is not any more what the ETag in If-Match says: read again before trying again.",
    422: "The request cannot be done as it is; each issue says the place and the fix.",
}


def document_errors(*errors: type[ChartlineError], roles: bool = True) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route for its OpenAPI page: 401, 403 when it asks for roles, and those of `errors`."""
    statuses = {401, *({403} if roles else ()), *(error.http_status for error in errors)}
    return {
        status: _document(status, [error for error in errors if error.http_status == status]) for status in statuses
    }


def _document(status: int, errors: list[type[ChartlineError]]) -> dict[str, Any]:
    examples = {
        error.code: {"value": operation_outcome(error.code, error.issue_type, (error.__doc__ or "").strip())}
        for error in errors
    }
    schema = {"type": "object", "title": "OperationOutcome", "description": "A FHIR R4 OperationOutcome."}
    content = {"schema": schema, "examples": examples} if examples else {"schema": schema}
    return {"description": _TITLES[status], "content": {FHIR_JSON: content}}


async def answer_open_points(_request: Request, error: Exception) -> OperationOutcomeResponse:
    """Answer a refused completion: one issue for each open point."""
    points = cast("ChartNotComplete", error).points
    outcomes = [
        operation_outcome(point.code, ChartNotComplete.issue_type, point.message, (point.expression,))
        for point in points
    ]
    issues = [issue for outcome in outcomes for issue in cast("list[object]", outcome["issue"])]
    body = {"resourceType": "OperationOutcome", "issue": issues}
    return OperationOutcomeResponse(body, status_code=ChartNotComplete.http_status)

"""Errors as FHIR OperationOutcome.

Invariant: an answer says the stable code, the place and the fix, and never repeats what was sent.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.contracts.errors import ChartlineError, InvalidContent, Unavailable
from shared.telemetry.logging import get_logger
from shared.transient import is_transient

FHIR_JSON = "application/fhir+json"
_CODE_SYSTEM = "https://chartline.example/fhir/CodeSystem/error"
_ISSUE_TYPES = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
}

_UNREADABLE = 400
"""FastAPI's status for a body that it cannot decode: to the caller it is malformed like any other."""

_log = get_logger(__name__)


class BodyTooLarge(ChartlineError):
    """A request body over the limit."""

    code = "body-too-large"
    http_status = 413
    issue_type = "too-long"


class OperationOutcomeResponse(JSONResponse):
    """A JSON response whose body is a FHIR resource."""

    media_type = FHIR_JSON


def operation_outcome(code: str, issue_type: str, text: str, expressions: tuple[str, ...] = ()) -> dict[str, object]:
    """Build an OperationOutcome with one issue of severity error."""
    issue: dict[str, object] = {
        "severity": "error",
        "code": issue_type,
        "details": {"coding": [{"system": _CODE_SYSTEM, "code": code}], "text": text},
    }
    if expressions:
        issue["expression"] = list(expressions)
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def answer_error(error: ChartlineError) -> OperationOutcomeResponse:
    """Answer an error of ours with its own status."""
    expressions = (error.expression,) if error.expression else ()
    body = operation_outcome(error.code, error.issue_type, error.message, expressions)
    headers = {"Retry-After": "1"} if error.retryable else None
    return OperationOutcomeResponse(body, status_code=error.http_status, headers=headers)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of `app` an OperationOutcome."""

    @app.exception_handler(ChartlineError)
    async def ours(_request: Request, error: ChartlineError) -> OperationOutcomeResponse:
        return answer_error(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> OperationOutcomeResponse:
        places = tuple(".".join(str(part) for part in item["loc"]) for item in error.errors())
        kinds = ", ".join(f"{item['type']} at {place}" for item, place in zip(error.errors(), places, strict=True))
        body = operation_outcome("invalid-content", "structure", kinds, places)
        return OperationOutcomeResponse(body, status_code=422)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> OperationOutcomeResponse:
        if error.status_code == _UNREADABLE:
            return answer_error(InvalidContent("the body cannot be read as JSON in UTF-8", expression="body"))
        issue_type = _ISSUE_TYPES.get(error.status_code, "processing")
        body = operation_outcome(issue_type, issue_type, str(error.detail))
        return OperationOutcomeResponse(body, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, error: Exception) -> OperationOutcomeResponse:
        if is_transient(error):
            return answer_error(Unavailable("a part of the service is away; try again"))
        _log.error("request-failed", exc_info=error)
        body = operation_outcome("internal", "exception", "the service failed; its log tells the place")
        return OperationOutcomeResponse(body, status_code=500)

"""The one base of every error that a user, an operator or a peer may see.

Invariant: a class says everything but the place. `code` is stable and documented, `http_status` and `issue_type` (FHIR
`issue-type`) tell an API how to answer, `retryable` tells a loop whether to try again. Messages never carry content of
a resource.
"""

from typing import ClassVar


class ChartlineError(Exception):
    """Base of all errors raised on purpose."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    issue_type: ClassVar[str] = "exception"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, expression: str | None = None) -> None:
        """`message` tells what is wrong and the fix; `expression` is the FHIRPath or field where it is."""
        super().__init__(message)
        self.message = message
        self.expression = expression


class InvalidContent(ChartlineError):
    """A record or request body that does not have the form it must have."""

    code = "invalid-content"
    http_status = 422
    issue_type = "structure"


class NotFound(ChartlineError):
    """Nothing there under that id."""

    code = "not-found"
    http_status = 404
    issue_type = "not-found"


class Conflict(ChartlineError):
    """The state has moved on since the caller looked."""

    code = "conflict"
    http_status = 409
    issue_type = "conflict"


class RevisionChanged(ChartlineError):
    """Somebody changed it since the ETag was read: read again, then change."""

    code = "revision-changed"
    http_status = 412
    issue_type = "conflict"


class Unauthenticated(ChartlineError):
    """No bearer token, or one that is not known."""

    code = "unauthenticated"
    http_status = 401
    issue_type = "login"


class Forbidden(ChartlineError):
    """A known caller without the right."""

    code = "forbidden"
    http_status = 403
    issue_type = "forbidden"


class Unavailable(ChartlineError):
    """A part that this needs is down; trying again may work."""

    code = "unavailable"
    http_status = 503
    issue_type = "transient"
    retryable = True

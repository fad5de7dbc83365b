"""What an HTTP answer of a payer means for a claim; pure.

Place in the flow: the FHIR channel reads every answer here.
Invariant: 4XX is final but for 401 and 403, which say that the payer does not know us and nothing about the claim, and
408 and 429; everything else that is no answer is tried again. Nothing of an answer's text goes on the record.
Source: Da Vinci PAS 2.2, error handling; RFC 9110, sections 10.2.3 and 15.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from uuid import UUID

from services.claims.payer_channel import AttemptEnd
from services.claims.responses import read_answer, read_issue_codes
from services.claims.schedule import Outcome
from services.claims.store import AttemptReport
from shared.contracts.errors import InvalidContent

_NOT_FINAL = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_LONGEST_RETRY_AFTER_SECONDS = 7 * 86_400


def read_end(claim_id: UUID, status: int, body: bytes | None, retry_after: str | None) -> AttemptEnd:
    """Say how a try ended; `body` is None where it was too long to be read, `retry_after` the header of that name."""
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return _read_success(claim_id, status, body)
    final = HTTPStatus(400) <= status < HTTPStatus(500) and status not in _NOT_FINAL
    report = AttemptReport(
        outcome=Outcome.REFUSED if final else Outcome.FAILED,
        tries=1,
        status_code=status,
        reason="redirected" if HTTPStatus(300) <= status < HTTPStatus(400) else f"http-{status}",
        issue_codes=read_issue_codes(body or b""),
    )
    return AttemptEnd(report, retry_after=timedelta(0) if final else read_retry_after(retry_after))


def read_retry_after(value: str | None) -> timedelta:
    """Read a Retry-After header, seconds or a date; zero when there is none, or none that can be read."""
    if not value:
        return timedelta(0)
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value), _LONGEST_RETRY_AFTER_SECONDS))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return timedelta(0)
    asked = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(timedelta(0), asked), timedelta(seconds=_LONGEST_RETRY_AFTER_SECONDS))


def ended(outcome: Outcome, reason: str, status: int | None = None) -> AttemptEnd:
    """An attempt that ended without an answer to the claim."""
    return AttemptEnd(AttemptReport(outcome, 1, status, reason))


def _read_success(claim_id: UUID, status: int, body: bytes | None) -> AttemptEnd:
    if body is None:
        return ended(Outcome.DELIVERED, "answer-too-large", status)
    try:
        answer = read_answer(body)
    except InvalidContent:
        return ended(Outcome.DELIVERED, "answer-unreadable" if body.strip() else "no-answer-yet", status)
    if answer.request not in (None, str(claim_id)):
        return ended(Outcome.UNCERTAIN, "answer-to-another-claim", status)
    return AttemptEnd(AttemptReport(Outcome.ANSWERED, 1, status, None, answer.codes), answer)

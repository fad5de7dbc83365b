"""Reads what payers answer: a ClaimResponse, alone or in a Bundle, and the codes of an OperationOutcome; pure.

Place in the flow: the FHIR channel reads the answer to `$submit`, `service.answers` what comes from the topic.
Invariant: what is not certainly a ClaimResponse of use claim is never taken for an answer.
Codes: CARC are the X12 claim adjustment reason codes; `denialreason` is the adjudication category of CARIN Blue Button.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, ValidationError

from services.claims.claim import State
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from shared.fhir.elements import CodeableConcept, Identifier, Reference, Subset
from shared.fhir.subset import ResourceSubset

_DENIAL_CATEGORIES = frozenset({"denialreason", "denied"})
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MAX_CODES = 20


class _Money(Subset):
    value: Decimal | None = None


class _Adjudication(Subset):
    category: CodeableConcept = CodeableConcept()
    reason: CodeableConcept = CodeableConcept()
    amount: _Money | None = None


class _Line(Subset):
    item_sequence: int = Field(alias="itemSequence")
    adjudication: tuple[_Adjudication, ...] = ()


class _Error(Subset):
    code: CodeableConcept = CodeableConcept()


class ClaimResponseSubset(ResourceSubset):
    """ClaimResponse: which claim it answers, and how."""

    resource_type: Literal["ClaimResponse"] = Field(alias="resourceType")
    identifier: tuple[Identifier, ...] = ()
    status: Literal["active", "cancelled", "draft", "entered-in-error"]
    use: Literal["claim"]
    outcome: Literal["queued", "complete", "error", "partial"]
    request: Reference | None = None
    item: tuple[_Line, ...] = ()
    adjudication: tuple[_Adjudication, ...] = ()
    error: tuple[_Error, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A payer's answer. `request` is the identifier of the claim that it names; `codes` are CARC, or errors.

    `body` is the ClaimResponse as the payer sent it, or its Bundle; `sha256` recognises a repetition.
    """

    state: State
    codes: tuple[str, ...]
    request: str | None
    body: bytes
    sha256: str


def read_answer(body: bytes) -> Answer:
    """Read a ClaimResponse or a Bundle with one; raises InvalidContent where there is none that can be used."""
    try:
        content = json.loads(body)
        response = ClaimResponseSubset.model_validate(_find_response(content))
    except (ValueError, RecursionError) as error:
        place = _first_place(error) if isinstance(error, ValidationError) else "ClaimResponse"
        raise InvalidContent("this is not a ClaimResponse of use claim", expression=place) from None
    if response.status != "active":
        raise InvalidContent("only an active ClaimResponse is an answer", expression="ClaimResponse.status")
    return Answer(
        state=_decide_state(response),
        codes=_keep_codes(_codes(response)),
        request=_named_claim(response),
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
    )


def read_issue_codes(body: bytes) -> tuple[str, ...]:
    """Return the issue codes of an OperationOutcome, never its texts; nothing when it is something else."""
    try:
        outcome = _Outcome.model_validate_json(body)
    except ValidationError:
        return ()
    codes = (code for issue in outcome.issue for code in (issue.code, *(each.code for each in issue.details.coding)))
    return _keep_codes(codes)


class _Issue(Subset):
    code: str = ""
    details: CodeableConcept = CodeableConcept()


class _Outcome(Subset):
    resource_type: Literal["OperationOutcome"] = Field(alias="resourceType")
    issue: tuple[_Issue, ...] = ()


# JSON content of any shape: what it must be is checked by the model that reads it.
def _find_response(content: Any) -> Any:
    if isinstance(content, dict) and content.get("resourceType") == "Bundle":
        entries = content.get("entry")
        entries = entries if isinstance(entries, list) else []
        resources = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
        found = [each for each in resources if isinstance(each, dict) and each.get("resourceType") == "ClaimResponse"]
        return found[0] if len(found) == 1 else None
    return content


def _first_place(error: ValidationError) -> str:
    place = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"]
    return ".".join(["ClaimResponse", *(str(part) for part in place)])


def _decide_state(response: ClaimResponseSubset) -> State:
    if response.outcome == "error":
        return State.REJECTED
    if response.outcome == "queued":
        return State.PENDED
    denied = [_is_denial(line.adjudication) for line in response.item]
    if _is_denial(response.adjudication) or (denied and all(denied)):
        return State.DENIED
    if any(denied):
        return State.PARTIALLY_DENIED
    return State.PENDED if response.outcome == "partial" else State.ACCEPTED


def _is_denial(adjudications: tuple[_Adjudication, ...]) -> bool:
    """A line is denied when a category says so, or when a CARC stands beside a benefit of nothing."""
    if any(coding.code in _DENIAL_CATEGORIES for each in adjudications for coding in each.category.coding):
        return True
    reasons = any(each.reason.code_in(systems.CARC) for each in adjudications)
    benefits = [each.amount.value for each in adjudications if each.amount and _is_benefit(each)]
    return reasons and bool(benefits) and not any(benefits)


def _is_benefit(adjudication: _Adjudication) -> bool:
    return adjudication.category.code_in(systems.ADJUDICATION) == "benefit"


def _codes(response: ClaimResponseSubset) -> Iterator[str]:
    for adjudication in (*response.adjudication, *(each for line in response.item for each in line.adjudication)):
        yield from (each.code for each in adjudication.reason.coding if each.system == systems.CARC)
    for error in response.error:
        yield from (coding.code for coding in error.code.coding)


def _keep_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Keep each code once; what does not look like one may be text about a patient, and stays in the stored answer."""
    return tuple(dict.fromkeys(code for code in codes if _CODE.fullmatch(code)))[:_MAX_CODES]


def _named_claim(response: ClaimResponseSubset) -> str | None:
    identifier = response.request.identifier if response.request else None
    return identifier.value or None if identifier else None

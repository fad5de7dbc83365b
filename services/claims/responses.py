"""Reads what payers answer: a ClaimResponse, alone or in a Bundle, and the codes of an OperationOutcome; pure.

Place in the flow: the FHIR channel reads the answer to `$submit`, `service.answers` what comes from the topic;
`x12.answers` makes the same `Answer` of 999, 277CA and 835.
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
from services.claims.matching import ClaimNames
from services.claims.raw_json import find_elements, find_members
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from shared.fhir.elements import CodeableConcept, Identifier, Reference, Subset
from shared.fhir.subset import ResourceSubset

_DENIAL_CATEGORIES = frozenset({"denialreason", "denied"})
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_MAX_CODES = 20
_USES = ("official", "usual", "secondary", "temp", "old")
"""Identifier.use, the surest first; one without a use is as good as the usual one."""
_REMARK = re.compile(r"(?:M|MA|N)\d{1,4}\b")


class _Money(Subset):
    value: Decimal | None = None


class _Adjudication(Subset):
    category: CodeableConcept = CodeableConcept()
    reason: CodeableConcept = CodeableConcept()
    amount: _Money | None = None


class _Line(Subset):
    item_sequence: int = Field(alias="itemSequence")
    note_number: tuple[int, ...] = Field(default=(), alias="noteNumber")
    adjudication: tuple[_Adjudication, ...] = ()


class _Note(Subset):
    number: int | None = None
    text: str = ""


class _Payment(Subset):
    amount: _Money | None = None


class _Error(Subset):
    item_sequence: int | None = Field(default=None, alias="itemSequence")
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
    process_note: tuple[_Note, ...] = Field(default=(), alias="processNote")
    payment: _Payment | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a payer took off a charge, and why. `line` is the item's sequence, None for the claim as a whole.

    `group` is who bears it (CO, PR, OA, PI), '' where it is not said; `reason` a CARC; `remarks` are RARC; `amount` is
    in dollars. Source: X12 external code lists 139 (CARC) and 411 (RARC), 835 segment CAS.
    """

    line: int | None
    group: str
    reason: str
    amount: Decimal | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A payer's answer. `names` is what it calls the claim; `codes` are CARC, or errors.

    `body` is the answer as the payer sent it: a ClaimResponse, its Bundle, or the segments of an X12 answer that are
    about this claim; `sha256` recognises a repetition. `paid` is in dollars, None while nothing is decided.
    """

    state: State
    codes: tuple[str, ...]
    names: ClaimNames
    body: bytes
    sha256: str
    adjustments: tuple[Adjustment, ...] = ()
    paid: Decimal | None = None

    @property
    def request(self) -> str | None:
        """The identifier of the claim that it answers, None where it names none."""
        return self.names.identifier or None

    @property
    def payer_claim_number(self) -> str | None:
        """The payer's own number of the claim, which a replacement has to name."""
        return next(iter(self.names.payer_numbers), None)


def settle_payment(state: State, paid: Decimal | None) -> State:
    """An accepted claim for which the payer pays is paid; one that the patient owes whole stays accepted."""
    return State.PAID if state is State.ACCEPTED and paid else state


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
    paid = response.payment.amount.value if response.payment and response.payment.amount else None
    return Answer(
        state=settle_payment(_decide_state(response), paid),
        codes=keep_codes(_codes(response)),
        names=_read_names(response),
        body=body,
        sha256=hashlib.sha256(body).hexdigest(),
        adjustments=tuple(_adjustments(response)),
        paid=paid,
    )


def read_search(body: bytes) -> Answer | None:
    """Read the newest ClaimResponse of a searchset, None where nothing was found; raises like `read_answer`.

    Only its own text is the answer: the Bundle around it differs from search to search.
    """
    try:
        text = body.decode()
        members = find_members(text)
        entries = find_elements(text, members["entry"]) if "entry" in members else []
        found = [_resource_of(text[slice(*each)]) for each in entries]
    except (ValueError, KeyError):
        raise InvalidContent("this is not a searchset of ClaimResponse", expression="Bundle") from None
    return read_answer(found[0].encode()) if found else None


def _resource_of(entry: str) -> str:
    return entry[slice(*find_members(entry)["resource"])]


def read_issue_codes(body: bytes) -> tuple[str, ...]:
    """Return the issue codes of an OperationOutcome, never its texts; nothing when it is something else."""
    try:
        outcome = _Outcome.model_validate_json(body)
    except ValidationError:
        return ()
    codes = (code for issue in outcome.issue for code in (issue.code, *(each.code for each in issue.details.coding)))
    return keep_codes(codes)


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


def _adjustments(response: ClaimResponseSubset) -> Iterator[Adjustment]:
    if response.outcome == "error":
        errors = ((each.item_sequence, coding.code) for each in response.error for coding in each.code.coding)
        yield from (Adjustment(line, "", code) for line, code in errors if _CODE.fullmatch(code))
    yield from _adjustments_of(response.adjudication, None, ())
    notes = {note.number: note.text for note in response.process_note}
    for line in response.item:
        remarks = (_REMARK.match(notes.get(number, "")) for number in line.note_number)
        yield from _adjustments_of(line.adjudication, line.item_sequence, [found[0] for found in remarks if found])


def _adjustments_of(
    adjudications: Iterable[_Adjudication], line: int | None, remarks: Iterable[str]
) -> Iterator[Adjustment]:
    """One a CARC. An amount that is the benefit is what was paid, not what was taken off."""
    for each in adjudications:
        group = each.category.code_in(systems.ADJUSTMENT_GROUP)
        own = [coding.code for coding in each.reason.coding if coding.system == systems.RARC]
        amount = None if each.amount is None or _is_benefit(each) else each.amount.value
        for reason in (coding.code for coding in each.reason.coding if coding.system == systems.CARC):
            yield Adjustment(line, group, reason, amount, tuple(dict.fromkeys([*own, *remarks])))


def keep_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Keep each code once; what does not look like one may be text about a patient, and stays in the stored answer."""
    return tuple(dict.fromkeys(code for code in codes if _CODE.fullmatch(code)))[:_MAX_CODES]


def _read_names(response: ClaimResponseSubset) -> ClaimNames:
    """What the answer calls the claim. Of the payer's own numbers the official one is the present one; an old one only
    helps to find the claim."""
    asked = response.request.identifier if response.request else None
    own = sorted((each for each in response.identifier if each.system != systems.CLAIM_IDENTIFIER), key=_rank_use)
    present = next((each.value for each in own if each.value and each.use != "old"), "")
    others = tuple(each.value for each in own if each.value != present)
    return ClaimNames(identifier=asked.value if asked else "", payer_number=present, former_numbers=others)


def _rank_use(identifier: Identifier) -> int:
    return _USES.index(identifier.use) if identifier.use in _USES else 1

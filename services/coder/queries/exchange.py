"""A query as FHIR: Task and CommunicationRequest out, Communication and addendum in.

Place in the flow: between `service.queries` and the topics `query.request.v1` and `query.response.v1`; pure.
Invariants: the Task's focus is the chart's draft Claim; Task and CommunicationRequest have the query's id, in every
message; nothing of billing is said to the clinician. Sources: FHIR R4 Task, CommunicationRequest, Communication.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from services.coder.queries.life import QueryState
from services.coder.queries.model import Form, Indicator, QueryContent
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from shared.fhir.elements import Reference
from shared.fhir.issues import errors_of
from shared.fhir.parse import parse_resource
from shared.fhir.references import read_reference
from shared.fhir.subset import ResourceSubset
from shared.fhir.validation import validate_resource

QUERY_IDENTIFIER = f"{systems.CHARTLINE}/query"
_ADDENDA = frozenset({"DocumentReference", "DiagnosticReport", "Composition"})
_ASKS = frozenset({"CommunicationRequest", "Task"})
_TASK_CODE = {"coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]}
_TASK_STATUS = {
    QueryState.SENT: "requested",
    QueryState.ANSWERED: "completed",
    QueryState.UNANSWERED: "failed",
    QueryState.WITHDRAWN: "cancelled",
}
_REQUEST_STATUS = {
    QueryState.SENT: "active",
    QueryState.ANSWERED: "completed",
    QueryState.UNANSWERED: "revoked",
    QueryState.WITHDRAWN: "revoked",
}

Element = dict[str, Any]
"""A FHIR element as decoded JSON; its values differ by name."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A query on its way to a clinician, or the news of its end. `urgent` once it was escalated."""

    query_id: UUID
    content: QueryContent
    state: QueryState
    chart_id: UUID
    claim_id: str
    patient: str | None
    encounter: str
    requester: str
    addressee: str
    authored_at: datetime
    due_at: datetime
    urgent: bool = False


def build_request(dispatch: Dispatch, sent_at: datetime) -> Element:
    """Build the Bundle that goes out: Task first, then the CommunicationRequest that carries the words."""
    resources = (_build_task(dispatch, sent_at), _build_words(dispatch))
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": QUERY_IDENTIFIER, "value": str(dispatch.query_id)},
        "timestamp": sent_at.isoformat(timespec="milliseconds"),
        "entry": [
            {"fullUrl": f"{systems.CHARTLINE}/{each['resourceType']}/{each['id']}", "resource": each}
            for each in resources
        ],
    }


def _build_task(dispatch: Dispatch, sent_at: datetime) -> Element:
    return {
        "resourceType": "Task",
        "id": str(dispatch.query_id),
        "identifier": [{"system": QUERY_IDENTIFIER, "value": str(dispatch.query_id)}],
        "status": _TASK_STATUS[dispatch.state],
        "intent": "order",
        "priority": _priority(dispatch),
        "code": _TASK_CODE,
        "description": dispatch.content.title,
        "focus": {"reference": f"Claim/{dispatch.claim_id}"},
        **({"for": {"reference": dispatch.patient}} if dispatch.patient else {}),
        "encounter": {"reference": dispatch.encounter},
        "authoredOn": dispatch.authored_at.isoformat(timespec="seconds"),
        "lastModified": sent_at.isoformat(timespec="seconds"),
        "requester": {"reference": dispatch.requester},
        "owner": {"reference": dispatch.addressee},
        "restriction": {"period": {"end": dispatch.due_at.isoformat(timespec="seconds")}},
        "input": [
            {
                "type": {"text": "question"},
                "valueReference": {"reference": f"CommunicationRequest/{dispatch.query_id}"},
            }
        ],
    }


def _build_words(dispatch: Dispatch) -> Element:
    return {
        "resourceType": "CommunicationRequest",
        "id": str(dispatch.query_id),
        "identifier": [{"system": QUERY_IDENTIFIER, "value": str(dispatch.query_id)}],
        "status": _REQUEST_STATUS[dispatch.state],
        "priority": _priority(dispatch),
        **({"subject": {"reference": dispatch.patient}} if dispatch.patient else {}),
        "encounter": {"reference": dispatch.encounter},
        "about": [{"reference": f"Claim/{dispatch.claim_id}"}],
        "payload": [{"contentString": words} for words in list_payloads(dispatch.content)],
        "occurrencePeriod": {"end": dispatch.due_at.isoformat(timespec="seconds")},
        "authoredOn": dispatch.authored_at.isoformat(timespec="seconds"),
        "requester": {"reference": dispatch.requester},
        "recipient": [{"reference": dispatch.addressee}],
    }


def list_payloads(content: QueryContent) -> Iterator[str]:
    """The words that the clinician reads: title, indicators with source and date, question, answers."""
    yield content.title
    yield from (_say_indicator(number, each) for number, each in enumerate(content.indicators, 1))
    yield content.question
    if content.form is not Form.OPEN:
        yield from (f"[ ] {option.text}" for option in content.options)


def _say_indicator(number: int, indicator: Indicator) -> str:
    label = "" if indicator.encounter == "this" else f" Earlier encounter: {indicator.relevance}"
    return f'{number}. "{indicator.statement}" ({indicator.source}, {indicator.dated}).{label}'


def _priority(dispatch: Dispatch) -> Literal["routine", "urgent"]:
    return "urgent" if dispatch.urgent else "routine"


@dataclass(frozen=True, slots=True)
class Answer:
    """A clinician's answer, as it was sent. `addendum` is the document that counts as evidence, None without one."""

    query_id: UUID
    answered_by: str | None
    body: str
    sha256: str
    addendum: str | None


class AnswerUnmatched(InvalidContent):
    """A Communication that names no query."""

    code = "unknown-query"


class _Communication(ResourceSubset):
    """Of a Communication, what says whose answer it is and to what."""

    resource_type: Literal["Communication"] = Field(alias="resourceType")
    status: Literal["completed", "not-done"]
    based_on: tuple[Reference, ...] = Field(default=(), alias="basedOn")
    sender: Reference | None = None


def read_answer(value: bytes | None) -> Answer:
    """Read a Communication, alone or in a Bundle with its addendum; raises InvalidContent, AnswerUnmatched.

    Only a completed Communication, or one that says it will not be done, is an answer. It names the query by
    `basedOn`: the CommunicationRequest, or the Task.
    """
    resource = parse_resource(value or b"")
    if errors_of(validate_resource(resource)):
        raise InvalidContent("the answer is not valid FHIR R4; send a Communication, or a Bundle with one")
    resources = list(_list_resources(resource.content))
    communication = _find_communication(resources)
    addendum = next((each for each in resources if each.get("resourceType") in _ADDENDA and each.get("id")), None)
    return Answer(
        query_id=_find_query(communication),
        answered_by=communication.sender.reference if communication.sender else None,
        body=resource.body,
        sha256=hashlib.sha256(resource.body.encode()).hexdigest(),
        addendum=f"{addendum['resourceType']}/{addendum['id']}" if addendum else None,
    )


def _list_resources(content: Element) -> Iterator[Element]:
    if content["resourceType"] == "Bundle":
        yield from (entry["resource"] for entry in content.get("entry", ()) if "resource" in entry)
    else:
        yield content


def _find_communication(resources: Iterable[Element]) -> _Communication:
    for each in resources:
        if each["resourceType"] == "Communication":
            try:
                return _Communication.model_validate(each)
            except ValidationError:
                raise InvalidContent(
                    "the Communication is not completed; send it when it is", expression="Communication.status"
                ) from None
    raise InvalidContent("there is no Communication; an answer is one", expression="Bundle.entry.resource")


def _find_query(communication: _Communication) -> UUID:
    for reference in communication.based_on:
        key = read_reference(reference.reference)
        if key and key.resource_type in _ASKS:
            try:
                return UUID(key.resource_id)
            except ValueError:
                continue
    raise AnswerUnmatched(
        "the Communication names no query; give its CommunicationRequest", expression="Communication.basedOn"
    )

"""An answer that a clinician gives in the workbench, as FHIR: the Communication, and the addendum to the record.

Place in the flow: between `service.answering` and `exchange`, which reads the Bundle as if it had come on
`query.response.v1`; pure. Invariants: the addendum says what the clinician said and nothing that was only asked; the
same query has one addendum, whose id follows from the query's. Sources: FHIR R4 Communication, DiagnosticReport.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.coder.queries.breaches import OTHER_ANSWER
from services.coder.queries.exchange import Element
from services.coder.queries.model import Form, QueryContent
from shared.contracts.errors import InvalidContent
from shared.fhir import systems

_ADDENDUM = {
    "coding": [{"system": systems.LOINC, "code": "55107-7", "display": "Addendum Document"}],
    "text": "Addendum",
}


@dataclass(frozen=True, slots=True)
class AnsweredQuery:
    """A query and the words that answer it; references are relative, and the patient's None where nobody knows."""

    query_id: UUID
    content: QueryContent
    words: str
    clinician: str
    encounter: str
    patient: str | None
    answered_at: datetime


def say_answer(content: QueryContent, option: int | None, words: str) -> str:
    """Put an answer into words: the option of this number, from 1, and what was written; raises InvalidContent."""
    if content.form is Form.OPEN or not content.options:
        if not words:
            raise InvalidContent("write your answer", expression="words")
        return words
    if option is None or not 1 <= option <= len(content.options):
        raise InvalidContent("choose one of the answers", expression="option")
    chosen = content.options[option - 1].text
    if OTHER_ANSWER.match(chosen):
        if not words:
            raise InvalidContent("say what else it is", expression="words")
        return words
    return f"{chosen}. {words}" if words else chosen


def build_answer(answered: AnsweredQuery) -> tuple[Element, Element]:
    """Build the Bundle of an answer, and the addendum in it."""
    addendum = _build_addendum(answered)
    communication = {
        "resourceType": "Communication",
        "id": f"answer-{answered.query_id}",
        "status": "completed",
        "basedOn": [{"reference": f"CommunicationRequest/{answered.query_id}"}],
        "sent": answered.answered_at.isoformat(timespec="seconds"),
        "sender": {"reference": answered.clinician},
        "payload": [
            {"contentString": answered.words},
            {"contentReference": {"reference": f"DiagnosticReport/{addendum['id']}"}},
        ],
    }
    entries = [
        {"fullUrl": f"{systems.CHARTLINE}/{each['resourceType']}/{each['id']}", "resource": each}
        for each in (communication, addendum)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}, addendum


def _build_addendum(answered: AnsweredQuery) -> Element:
    text = f"ADDENDUM\n\n{answered.content.title}: {answered.words}\n"
    moment = answered.answered_at.isoformat(timespec="seconds")
    return {
        "resourceType": "DiagnosticReport",
        "id": f"addendum-{answered.query_id}",
        "meta": {"lastUpdated": moment},
        "status": "final",
        "code": _ADDENDUM,
        **({"subject": {"reference": answered.patient}} if answered.patient else {}),
        "encounter": {"reference": answered.encounter},
        "effectiveDateTime": moment,
        "issued": moment,
        "performer": [{"reference": answered.clinician}],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}],
    }

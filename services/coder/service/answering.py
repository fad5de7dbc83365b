"""Lets a clinician read what they were asked and answer it: the second door beside `query.response.v1`.

Place in the flow: behind the pages and routes of physicians. Invariants: whom nobody asked sees nothing; an answer is
the same Bundle that would have come by Kafka, kept by the same use case, and its addendum goes the way of every report.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from services.coder import SCHEMA
from services.coder.answer_models import AskedPatient, AskedQuery, QueryAnswerRequest
from services.coder.chart_facts import ChartFacts, ChartResources, read_facts
from services.coder.queries.exchange import read_answer
from services.coder.queries.life import QueryClosed, QueryId, QueryState
from services.coder.queries.written_answer import AnsweredQuery, build_answer, say_answer
from services.coder.query_models import show_to_addressee
from services.coder.service.answers import answer_once
from services.coder.service.query_answers import keep_answer
from services.coder.store import charts, queries
from services.coder.store.queries import StoredQuery
from shared.audit.trail import name_entity
from shared.contracts.errors import NotFound
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.fhir.subset import PatientSubset, read_as
from shared.postgres.answers import Repeatable
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection, Pool

_HEADERS = {"content-type": "application/fhir+json; charset=utf-8"}
_ANSWERABLE = frozenset({QueryState.SENT, QueryState.UNANSWERED})


@dataclass(frozen=True)
class Answering:
    """The use cases of an asked clinician; `clinician` is their Practitioner reference."""

    pool: Pool

    async def read(self, clinician: str, query_id: QueryId) -> AskedQuery:
        """Read a query with whom it is about; raises NotFound for everybody but its addressee."""
        async with self.pool.acquire() as connection:
            query = _require_asked(await queries.read_query(connection, query_id), clinician)
            return _show(query, await charts.read_chart(connection, query.chart_id, query.chart_version))

    async def answer(
        self, clinician: str, query_id: QueryId, request: QueryAnswerRequest, repeatable: Repeatable | None = None
    ) -> AskedQuery:
        """Keep an answer and send its addendum to the record; raises NotFound, QueryClosed and InvalidContent."""

        async def act(connection: Connection) -> AskedQuery:
            query = _require_asked(await queries.lock_query(connection, query_id), clinician)
            if query.state not in _ANSWERABLE:
                raise QueryClosed(f"the query is {query.state}; there is nothing to answer any more")
            chart = await charts.read_chart(connection, query.chart_id, query.chart_version)
            await _keep(connection, query, chart, say_answer(query.content, request.option, request.words))
            return _show(_require_asked(await queries.read_query(connection, query_id), clinician), chart)

        return await answer_once(self.pool, repeatable, AskedQuery, act)


def _require_asked(query: StoredQuery | None, clinician: str) -> StoredQuery:
    if query is None or query.addressee != clinician or query.state is QueryState.DRAFT:
        raise NotFound("you were not asked anything under this id")
    name_entity("chart", query.chart_id)
    return query


async def _keep(connection: Connection, query: StoredQuery, chart: ChartReady, words: str) -> None:
    answered = AnsweredQuery(
        query_id=query.query_id,
        content=query.content,
        words=words,
        clinician=query.addressee,
        encounter=chart.encounter.reference,
        patient=read_facts(chart).patient,
        answered_at=datetime.now(UTC),
    )
    bundle, addendum = build_answer(answered)
    await keep_answer(connection, query, read_answer(json.dumps(bundle).encode()))
    encounter = answered.encounter.partition("/")[2]
    message = OutboxMessage(
        Topic.FHIR_DIAGNOSTIC_REPORT, key=encounter, value=json.dumps(addendum).encode(), headers=_HEADERS
    )
    await Outbox(SCHEMA).enqueue(connection, [message])


def _show(query: StoredQuery, chart: ChartReady) -> AskedQuery:
    return AskedQuery(
        **dict(show_to_addressee(query)),
        patient=_show_patient(chart, read_facts(chart)),
        encounter_on=chart.service_date,
        answer=_read_words(query.answer) if query.answer else None,
    )


def _show_patient(chart: ChartReady, facts: ChartFacts) -> AskedPatient:
    version = ChartResources(chart).find(facts.patient) if facts.patient else None
    person = read_as(PatientSubset, version.body) if version else None
    name = next(iter(person.name), None) if person else None
    written = name.text or " ".join((*name.given, name.family)) if name else ""
    return AskedPatient(
        reference=facts.patient or "",
        name=written.strip(),
        number=next((each.value for each in person.identifier if each.value), "") if person else "",
        age_years=facts.patient_age_years,
        sex=facts.patient_sex,
    )


def _read_words(answer: str) -> str:
    """The words of a Communication, alone or in a Bundle."""
    resource = json.loads(answer)
    resources = [entry.get("resource", {}) for entry in resource.get("entry", ())] or [resource]
    payloads = (payload for each in resources for payload in each.get("payload", ()))
    return " ".join(payload["contentString"] for payload in payloads if "contentString" in payload)

"""Physician queries on a real PostgreSQL: linted, sent with a hold, answered, followed up, kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.coder.queries.life import QueryClosed, QueryEvent, QueryId, QueryPolicy, QueryRefused
from services.coder.queries.model import QueryContent
from services.coder.query_models import QueriesToMe, QueryRequest, QueryView, ReassignRequest
from services.coder.service.deciding import Coder
from services.coder.service.queries import Writer
from services.coder.service.query_follow_up import CODE_AS_DOCUMENTED, QueryFollowUp
from services.coder.work_item import ChartId, ChartNotComplete, LeaseLost, State
from shared.contracts.errors import Forbidden, NotFound, RevisionChanged
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.answers import Repeatable
from tests.builders.charts import chart_document, ready_chart, withdrawn_chart
from tests.builders.queries import query
from tests.integration.coder.conftest import ANN, Desk, accept_all, under

WRITER = Writer(ANN)
LEAD = Writer(Coder("liz", "Practitioner/liz"), is_lead=True)
DOCTOR = "Practitioner/dr-1"
POLICY = QueryPolicy(answer_days=7, remind_days=2, escalate_after=1, escalate_to="Practitioner/advisor")
LEADING = query(title="Sepsis", question="Please document sepsis.")


async def write(desk: Desk, chart: ChartReady, content: QueryContent | None = None) -> QueryView:
    request = QueryRequest(content=content or query(), addressee=DOCTOR)
    return await desk.cases.queries.write(WRITER, ChartId(chart.chart_id), request)


async def send(desk: Desk, chart: ChartReady) -> QueryView:
    draft = await write(desk, chart)
    return await desk.cases.queries.send(WRITER, QueryId(draft.query_id))


def events(view: QueryView) -> list[QueryEvent]:
    return [entry.event for entry in view.record]


async def requests(desk: Desk) -> list[tuple[str, str, str]]:
    """Status, owner and priority of every Task that went out."""
    tasks = [json.loads(value)["entry"][0]["resource"] for value in await desk.published(Topic.QUERY_REQUEST)]
    return [(task["status"], task["owner"]["reference"], task["priority"]) for task in tasks]


def answer(desk: Desk, query_id: UUID, *, addendum: bool = True, words: str = "Gram-negative") -> Record:
    communication = {
        "resourceType": "Communication",
        "id": "c1",
        "status": "completed",
        "basedOn": [{"reference": f"CommunicationRequest/{query_id}"}],
        "sender": {"reference": DOCTOR},
        "payload": [{"contentString": words}],
    }
    report = {"resourceType": "DiagnosticReport", "id": "dr-1", "status": "final", "code": {"text": "Addendum"}}
    resources: list[dict[str, Any]] = [communication, report] if addendum else [communication]
    entries = [
        {"fullUrl": f"https://ehr.example/{each['resourceType']}/{each['id']}", "resource": each} for each in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return desk.record(Topic.QUERY_RESPONSE, json.dumps(bundle).encode())


async def follow_up(desk: Desk, days: float) -> int:
    return await QueryFollowUp(desk.pool, POLICY).look(datetime.now(UTC) + timedelta(days=days))


async def test_a_query_that_breaks_a_rule_is_not_sent_and_its_mended_version_is(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    draft = await write(desk, chart, LEADING)
    with pytest.raises(QueryRefused) as refused:
        await desk.cases.queries.send(WRITER, QueryId(draft.query_id))
    assert {"title-undocumented", "not-leading"} <= {finding.rule for finding in refused.value.findings}
    assert await desk.state(chart.chart_id) is State.LEASED
    assert await requests(desk) == []

    request = QueryRequest(content=query(), addressee=DOCTOR)
    await desk.cases.queries.revise(WRITER, QueryId(draft.query_id), 1, request)
    sent = await desk.cases.queries.send(WRITER, QueryId(draft.query_id))
    assert (sent.state, sent.reminders) == ("sent", 0)
    assert events(sent) == [QueryEvent.WRITTEN, QueryEvent.REVISED, QueryEvent.SENT]
    assert await desk.state(chart.chart_id) is State.ON_HOLD
    assert await requests(desk) == [("requested", DOCTOR, "routine")]
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease))


async def test_only_a_lead_overrides_with_a_reason_that_stays_on_the_record(desk: Desk) -> None:
    draft = await write(desk, await desk.open_chart(), LEADING)
    with pytest.raises(Forbidden):
        await desk.cases.queries.send(WRITER, QueryId(draft.query_id), "it is urgent")
    sent = await desk.cases.queries.send(LEAD, QueryId(draft.query_id), "agreed with compliance")
    overridden = next(entry for entry in sent.record if entry.event is QueryEvent.OVERRIDDEN)
    assert overridden.actor == "liz"
    assert overridden.detail is not None
    assert overridden.detail.startswith("title-undocumented, ")
    assert overridden.detail.endswith(": agreed with compliance")


async def test_a_chart_with_an_open_query_is_not_completed(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(ChartId(chart.chart_id))
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    draft = await write(desk, chart)
    with pytest.raises(ChartNotComplete) as refused:
        await desk.cases.completing.complete(under(lease))
    (point,) = refused.value.points
    assert point.code == "open-query"
    assert "withdraw" in point.message
    await desk.cases.queries.withdraw(WRITER, QueryId(draft.query_id), "found it in the note")
    assert (await desk.cases.completing.complete(under(lease))).coding_version == 1


async def test_sending_never_takes_a_chart_out_of_a_colleagues_hands(desk: Desk) -> None:
    draft = await write(desk, await desk.open_chart())
    await desk.lease(Coder("bob", "Practitioner/bob"))
    with pytest.raises(LeaseLost):
        await desk.cases.queries.send(WRITER, QueryId(draft.query_id))
    assert (await desk.cases.queries.send(LEAD, QueryId(draft.query_id))).state == "sent"


async def test_an_answer_closes_the_query_and_wakes_the_chart_and_the_addendum_is_the_evidence(desk: Desk) -> None:
    chart = await desk.open_chart()
    sent = await send(desk, chart)
    record = answer(desk, sent.query_id)
    await desk.cases.query_answers.take_in([record])
    await desk.cases.query_answers.take_in([record])
    again = answer(desk, sent.query_id)
    await desk.cases.query_answers.take_in([again])
    view = await desk.cases.queries.read(QueryId(sent.query_id))
    assert (view.state, view.addendum, view.addendum_in_chart) == ("answered", "DiagnosticReport/dr-1", True)
    assert view.answer is not None
    assert "Gram-negative" in view.answer
    assert events(view)[-2:] == [QueryEvent.ANSWERED, QueryEvent.ADDENDUM]
    assert await desk.state(chart.chart_id) is State.OPEN
    assert (await desk.outcomes())[1:] == ["applied", "duplicate"]


async def test_an_answer_without_its_addendum_is_no_evidence(desk: Desk) -> None:
    sent = await send(desk, await desk.open_chart())
    await desk.cases.query_answers.take_in([answer(desk, sent.query_id, addendum=False)])
    view = await desk.cases.queries.read(QueryId(sent.query_id))
    assert (view.state, view.addendum, view.addendum_in_chart) == ("answered", None, False)


async def test_what_answers_no_query_is_quarantined(desk: Desk) -> None:
    draft = await write(desk, await desk.open_chart())
    records = [answer(desk, uuid4()), answer(desk, draft.query_id), desk.record(Topic.QUERY_RESPONSE, b"{}")]
    await desk.cases.query_answers.take_in(records)
    reasons = await desk.pool.fetch("select reason from coder.quarantine order by quarantine_id")
    assert [row["reason"] for row in reasons] == ["unknown-query", "unknown-query", "no-resource-type"]
    assert (await desk.outcomes())[1:] == ["quarantined"] * 3


async def test_a_clinician_is_reminded_a_query_escalated_and_at_last_what_is_documented_is_coded(desk: Desk) -> None:
    chart = await desk.open_chart()
    sent = await send(desk, chart)
    assert [await follow_up(desk, days) for days in (1, 2.1, 2.2, 4.2, 6.9, 7.1, 9)] == [0, 1, 0, 1, 0, 1, 0]
    view = await desk.cases.queries.read(QueryId(sent.query_id))
    assert view.state == "unanswered"
    assert events(view)[-3:] == [QueryEvent.REMINDED, QueryEvent.ESCALATED, QueryEvent.UNANSWERED]
    assert view.record[-1].detail == CODE_AS_DOCUMENTED
    assert await desk.state(chart.chart_id) is State.OPEN
    assert await requests(desk) == [
        ("requested", DOCTOR, "routine"),
        ("requested", DOCTOR, "routine"),
        ("requested", "Practitioner/advisor", "urgent"),
        ("failed", "Practitioner/advisor", "urgent"),
    ]
    await desk.cases.query_answers.take_in([answer(desk, sent.query_id)])
    assert (await desk.cases.queries.read(QueryId(sent.query_id))).state == "answered"


async def test_nobody_is_asked_any_longer_about_an_encounter_that_became_void(desk: Desk) -> None:
    chart = await desk.open_chart()
    sent = await send(desk, chart)
    await desk.arrive(withdrawn_chart(chart.chart_id, 2))
    assert await follow_up(desk, 2.1) == 1
    view = await desk.cases.queries.read(QueryId(sent.query_id))
    assert (view.state, view.record[-1].actor) == ("withdrawn", "follow-up")
    assert (await requests(desk))[-1][0] == "cancelled"


async def test_another_clinician_gets_the_query_and_the_whole_time(desk: Desk) -> None:
    sent = await send(desk, await desk.open_chart())
    await follow_up(desk, 2.1)
    moved = await desk.cases.queries.reassign(
        WRITER, QueryId(sent.query_id), ReassignRequest(addressee="Practitioner/dr-2", reason="on leave")
    )
    assert (moved.addressee, moved.reminders, moved.state) == ("Practitioner/dr-2", 0, "sent")
    assert moved.due_at is not None
    assert sent.due_at is not None
    assert moved.due_at > sent.due_at
    assert await desk.cases.queries.read_page_to(DOCTOR, None, 5) == QueriesToMe(queries=(), next=None)
    page = await desk.cases.queries.read_page_to("Practitioner/dr-2", None, 5)
    assert [each.query_id for each in page.queries] == [sent.query_id]


async def test_a_withdrawn_query_frees_the_chart_and_its_late_answer_changes_nothing(desk: Desk) -> None:
    chart = await desk.open_chart()
    sent = await send(desk, chart)
    await desk.cases.queries.withdraw(WRITER, QueryId(sent.query_id), "asked by telephone")
    assert await desk.state(chart.chart_id) is State.OPEN
    assert (await requests(desk))[-1][0] == "cancelled"
    await desk.cases.query_answers.take_in([answer(desk, sent.query_id)])
    view = await desk.cases.queries.read(QueryId(sent.query_id))
    assert (view.state, view.answer) == ("withdrawn", None)
    assert events(view)[-2:] == [QueryEvent.ANSWERED, QueryEvent.ADDENDUM]
    with pytest.raises(QueryClosed):
        await desk.cases.queries.withdraw(WRITER, QueryId(sent.query_id), "again")


async def test_a_late_document_wakes_the_chart_and_the_query_stays_open(desk: Desk) -> None:
    chart = await desk.open_chart()
    sent = await send(desk, chart)
    newer = ready_chart(
        chart.chart_id, 2, documents=(chart_document(), chart_document(document_id="DiagnosticReport/2#0"))
    )
    await desk.arrive(newer)
    assert await desk.state(chart.chart_id) is State.SUGGESTING
    await desk.cases.query_answers.take_in([answer(desk, sent.query_id)])
    assert (await desk.cases.queries.read(QueryId(sent.query_id))).state == "answered"


async def test_a_draft_is_never_overwritten_by_who_read_an_older_one(desk: Desk) -> None:
    draft = await write(desk, await desk.open_chart())
    request = QueryRequest(content=query(title="Clarification of a result"), addressee=DOCTOR)
    assert (await desk.cases.queries.revise(WRITER, QueryId(draft.query_id), 1, request)).revision == 2
    with pytest.raises(RevisionChanged):
        await desk.cases.queries.revise(LEAD, QueryId(draft.query_id), 1, request)


async def test_the_same_request_under_its_key_writes_and_sends_once(desk: Desk) -> None:
    chart = await desk.open_chart()
    request = QueryRequest(content=query(), addressee=DOCTOR)
    keyed = Writer(ANN, repeatable=Repeatable.of("ann", "w1", "write"))
    first = await desk.cases.queries.write(keyed, ChartId(chart.chart_id), request)
    assert await desk.cases.queries.write(keyed, ChartId(chart.chart_id), request) == first
    keyed = Writer(ANN, repeatable=Repeatable.of("ann", "s1", "send"))
    sent = await desk.cases.queries.send(keyed, QueryId(first.query_id))
    assert await desk.cases.queries.send(keyed, QueryId(first.query_id)) == sent
    assert len(await requests(desk)) == 1


async def test_what_was_sent_is_kept_as_it_was(desk: Desk) -> None:
    sent = await send(desk, await desk.open_chart())
    for statement in (
        "delete from coder.query where query_id = $1",
        "update coder.query set content = '{}' where query_id = $1",
        "delete from coder.query_event where query_id = $1",
        "update coder.query set state = 'draft' where query_id = $1",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await desk.pool.execute(statement, sent.query_id)


async def test_unknown_charts_templates_and_queries_are_not_found(desk: Desk) -> None:
    chart = await desk.open_chart()
    with pytest.raises(NotFound):
        await desk.cases.queries.lint(ChartId(uuid4()), query())
    with pytest.raises(NotFound):
        await desk.cases.queries.propose(ChartId(chart.chart_id), "no-such", None)
    with pytest.raises(NotFound):
        await desk.cases.queries.propose(ChartId(chart.chart_id), None, uuid4())
    with pytest.raises(NotFound):
        await desk.cases.queries.send(WRITER, QueryId(uuid4()))


async def test_missing_details_of_a_suggestion_begin_a_query_that_may_be_sent(desk: Desk) -> None:
    chart = await desk.open_chart()
    view, _ = await desk.cases.charts.read_chart(ChartId(chart.chart_id))
    content = await desk.cases.queries.propose(ChartId(chart.chart_id), None, view.suggestions[0].suggestion_id)
    assert content.template == "lung-organism"
    assert content.indicators[0].statement.startswith("Impression: community-acquired pneumonia")
    assert await desk.cases.queries.lint(ChartId(chart.chart_id), content) == []

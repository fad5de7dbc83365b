"""Tells a clinician about a query: the request, a reminder, another addressee, the end.

Place in the flow: in the transaction that changes the query; the outbox sends it. Invariant: every message is the whole
query as it stands, so a receiver needs none of those before.
"""

import json
from datetime import datetime
from typing import cast

from services.coder import SCHEMA
from services.coder.chart_facts import read_facts
from services.coder.claim_frame import identify_claim
from services.coder.queries.exchange import Dispatch, build_request
from services.coder.store import charts
from services.coder.store.queries import StoredQuery
from shared.contracts.topics import Topic
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection

_HEADERS = {"content-type": "application/fhir+json; charset=utf-8"}


async def dispatch_query(connection: Connection, query: StoredQuery, now: datetime) -> None:
    """Send a query as it stands to its addressee."""
    chart = await charts.read_chart(connection, query.chart_id, query.chart_version)
    dispatch = Dispatch(
        query_id=query.query_id,
        content=query.content,
        state=query.state,
        chart_id=query.chart_id,
        claim_id=identify_claim(query.chart_id, f"draft-{query.chart_version}"),
        patient=read_facts(chart).patient,
        encounter=chart.encounter.reference,
        requester=query.practitioner,
        addressee=query.addressee,
        authored_at=cast("datetime", query.sent_at),
        due_at=cast("datetime", query.due_at),
        urgent=query.escalated_at is not None,
    )
    value = json.dumps(build_request(dispatch, now)).encode()
    message = OutboxMessage(Topic.QUERY_REQUEST, key=str(query.query_id), value=value, headers=_HEADERS)
    await Outbox(SCHEMA).enqueue(connection, [message])

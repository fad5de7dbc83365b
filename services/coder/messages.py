"""How this service's messages become rows of its outbox.

Place in the flow: `service` enqueues what this makes, in the transaction that caused it; pure. Invariant: the record's
key is the chart's id, so that all news of a chart stay in order.
"""

from services.coder import SCHEMA
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.messages import ChartCoded, ClaimDraft
from shared.contracts.topics import Topic
from shared.postgres.outbox import OutboxMessage

SOURCE = f"chartline/{SCHEMA}"


def announce_draft(draft: ClaimDraft) -> OutboxMessage:
    """Make the message of `claim.draft.v1`."""
    subject = str(draft.chart_id)
    envelope = Envelope[ClaimDraft](source=SOURCE, type=Topic.CLAIM_DRAFT, subject=subject, data=draft)
    return _enclose(Topic.CLAIM_DRAFT, subject, str(envelope.id), envelope.encode())


def announce_coding(coded: ChartCoded) -> OutboxMessage:
    """Make the message of `chart.coded.v1`."""
    subject = str(coded.chart_id)
    envelope = Envelope[ChartCoded](source=SOURCE, type=Topic.CHART_CODED, subject=subject, data=coded)
    return _enclose(Topic.CHART_CODED, subject, str(envelope.id), envelope.encode())


def _enclose(topic: Topic, key: str, message_id: str, value: bytes) -> OutboxMessage:
    return OutboxMessage(topic, key, value, {"content-type": CONTENT_TYPE}, message_id)

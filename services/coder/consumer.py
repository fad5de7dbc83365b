"""Consumes ready charts, returned claims and clinicians' answers; thin: the loop polls and commits, the use cases work.

Invariant: a poll's offsets are committed when all of its records have their outcome; the inbox knows those that come
again.
"""

from collections.abc import Callable, Sequence

from services.coder.service.intake import Intake
from services.coder.service.query_answers import QueryAnswers
from shared.contracts.topics import Topic
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

TOPICS = (Topic.CHART_READY, Topic.CLAIM_RETURNED, Topic.QUERY_RESPONSE)
GROUP = "coder"


def make_consumer(
    settings: KafkaSettings, intake: Intake, answers: QueryAnswers, *, on_taken_in: Callable[[], None]
) -> ConsumerLoop:
    """Make the loop that feeds `intake` and `answers`; `on_taken_in` is called after each committed batch."""

    async def handle(records: Sequence[Record]) -> None:
        ours = [record for record in records if record.topic != Topic.QUERY_RESPONSE]
        if ours:
            await intake.take_in(ours)
        if len(ours) < len(records):
            await answers.take_in([record for record in records if record.topic == Topic.QUERY_RESPONSE])
        on_taken_in()

    return ConsumerLoop(settings, group=GROUP, topics=TOPICS, handle=handle, reject=intake.put_aside)

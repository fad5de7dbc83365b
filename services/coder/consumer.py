"""Consumes ready charts and returned claims; thin: the loop polls and commits, `service.intake` does the work."""

from collections.abc import Callable, Sequence

from services.coder.service.intake import Intake
from shared.contracts.topics import Topic
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

TOPICS = (Topic.CHART_READY, Topic.CLAIM_RETURNED)
GROUP = "coder"


def make_consumer(settings: KafkaSettings, intake: Intake, *, on_taken_in: Callable[[], None]) -> ConsumerLoop:
    """Make the loop that feeds `intake`; `on_taken_in` is called after each committed batch."""

    async def handle(records: Sequence[Record]) -> None:
        await intake.take_in(records)
        on_taken_in()

    return ConsumerLoop(settings, group=GROUP, topics=TOPICS, handle=handle, reject=intake.put_aside)

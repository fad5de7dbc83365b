"""Consumes codings, withdrawals and answers; thin: the loop polls and commits, `service` does the work.

Place in the flow: one group for all topics, so that the ledger can hold its commits against the inbox.
Invariant: a batch is settled when all its parts are; each part is a transaction of its own that the inbox makes
repeatable.
"""

from collections.abc import Callable, Sequence

from services.claims.service import AnswerService, IntakeService, WithdrawalService
from shared.contracts.topics import Topic
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

TOPICS = (Topic.CHART_CODED, Topic.CHART_WITHDRAWN, Topic.CLAIM_RESPONSE)
GROUP = "claims"


def make_consumer(
    settings: KafkaSettings,
    intake: IntakeService,
    withdrawals: WithdrawalService,
    answers: AnswerService,
    afterwards: Callable[[], None],
) -> ConsumerLoop:
    """Make the loop that feeds these services; `afterwards` is called when a batch is settled."""

    async def _handle(records: Sequence[Record]) -> None:
        codings = [record for record in records if record.topic == Topic.CHART_CODED]
        withdrawn = [record for record in records if record.topic == Topic.CHART_WITHDRAWN]
        responses = [record for record in records if record.topic == Topic.CLAIM_RESPONSE]
        if codings:
            await intake.receive_codings(codings)
        if withdrawn:
            await withdrawals.receive_withdrawals(withdrawn)
        if responses:
            await answers.receive_responses(responses)
        afterwards()

    return ConsumerLoop(settings, group=GROUP, topics=TOPICS, handle=_handle, reject=intake.hold)

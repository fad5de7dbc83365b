"""Between the queue and the engine: lease a chart version, store the answer, open the work item, publish the draft.

Invariant: an answer is stored only under the lease that asked for it, so a chart version is suggested once however many
processes run, and never after a newer version came.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services.coder import SCHEMA, SOURCE
from services.coder.chart_facts import read_engine_chart, read_facts
from services.coder.claim_draft import build_draft
from services.coder.engine.model import Chart, Suggestions
from services.coder.priority import PriorityWeights
from services.coder.service.drug_codes import give_drug_codes
from services.coder.service.history import ask_history, keep_visit
from services.coder.service.learning import LearnedSoFar
from services.coder.service.placing import rank_again
from services.coder.service.procedure_tables import LoadedTables
from services.coder.service.releases import confirm_services
from services.coder.store import arrivals, automation, charts, suggestions, work_items
from services.coder.store.work_items import EngineLease
from services.coder.work_item import FailureReason, Lease
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartReady, ClaimDraft
from shared.contracts.topics import Topic
from shared.postgres.outbox import Outbox, OutboxMessage, event_message
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class Suggesting:
    """The use cases of an engine process; `holder` names it in the leases it takes."""

    pool: Pool
    holder: str
    lease_seconds: float
    weights: PriorityWeights = field(default_factory=PriorityWeights)
    learned: LearnedSoFar = field(default_factory=LearnedSoFar)
    tables: LoadedTables = field(default_factory=LoadedTables)
    seeding: bool = False
    """Whether charts are looked at for seeds, beside those of service lines with automation."""

    async def lease_chart(self) -> EngineLease | None:
        """Take the next chart version that waits for the engine, None when none does."""
        return await work_items.lease_for_engine(self.pool, self.holder, self.lease_seconds)

    async def read_chart(self, lease: Lease) -> tuple[ChartReady, Chart]:
        """Read a leased chart version, as it came and as the engine takes it, with what was learned so far."""
        async with self.pool.acquire() as connection:
            chart = await charts.read_chart(connection, lease.chart_id, lease.chart_version)
            learned = await self.learned.read_current(connection)
            facts = read_facts(chart)
            is_new_patient = await ask_history(connection, chart, facts)
            asked = await self.tables.give(connection, replace(read_engine_chart(chart, facts), learned=learned))
            asked = await give_drug_codes(connection, asked)
        return chart, asked if is_new_patient is None else replace(asked, is_new_patient=is_new_patient)

    async def store_answer(
        self,
        lease: Lease,
        chart: ChartReady,
        answer: Suggestions,
        seconds: float,
        *,
        is_new_patient: bool | None = None,
    ) -> bool:
        """Store suggestions, open the work item and enqueue the draft; False when the lease was lost meanwhile.

        `is_new_patient` is what the engine was told.
        """
        facts = read_facts(chart)
        async with self.pool.acquire() as connection, connection.transaction():
            if not await work_items.open_for_coders(connection, lease):
                return False
            confirmed = await confirm_services(connection, answer, chart.service_date)
            await suggestions.insert_suggestions(
                connection, lease.chart_id, lease.chart_version, confirmed, seconds, is_new_patient=is_new_patient
            )
            await keep_visit(connection, chart, facts)
            draft = build_draft(chart, facts, confirmed, created=datetime.now(UTC))
            await rank_again(connection, chart, self.weights, suggestions=len(confirmed.suggestions))
            await automation.ask_screening(connection, lease.chart_id, seeding=self.seeding)
            await arrivals.announce_open(connection, [lease.chart_id])
            await Outbox(SCHEMA).enqueue(connection, [_announce(draft)])
        return True

    async def put_aside(self, lease: Lease, reason: FailureReason) -> None:
        """Put a chart version aside that the engine cannot do."""
        await work_items.fail_work_item(self.pool, lease, reason)

    async def give_back(self, lease: Lease) -> None:
        """Let another process do it: this one stops."""
        await work_items.give_back_to_engine(self.pool, lease)


def _announce(draft: ClaimDraft) -> OutboxMessage:
    subject = str(draft.chart_id)
    return event_message(Envelope[ClaimDraft](source=SOURCE, type=Topic.CLAIM_DRAFT, subject=subject, data=draft))

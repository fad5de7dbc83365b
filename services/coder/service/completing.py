"""Completes a chart: the final Claim with its Provenance, stored and on its way in one transaction.

Invariant: what is published is valid FHIR whose every code a person decided; a chart with open points is refused with
all of them, and nothing is written.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.coder import SCHEMA, SOURCE
from services.coder.api_models import CodingCompleted, SeedTold
from services.coder.automation.policy import DEFAULT_POLICY, AutomationPolicy
from services.coder.automation.seeds import SeedOutcome
from services.coder.chart_facts import read_specialty
from services.coder.grouping.grouper import Grouper
from services.coder.learning import Lesson, list_lessons
from services.coder.service.answers import answer_once
from services.coder.service.deciding import UnderLease, hold_lease
from services.coder.service.drafting import CodingDraft, read_draft
from services.coder.service.learning import learn_coding
from services.coder.service.observing import AUTOMATION, observe_coding
from services.coder.service.previewing import Previewing
from services.coder.service.queries import list_open_queries
from services.coder.service.seeding import SEED_TAKEN, list_seed_points, settle_seeds
from services.coder.store import charts, queries, seeds, work_items
from services.coder.work_item import ChartId, ChartNotComplete, Lease, OpenPoint, WrongState
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from shared.postgres.outbox import Outbox, OutboxMessage, event_message
from shared.postgres.pool import Connection, Pool
from shared.proof.keys import SigningKey


@dataclass(frozen=True)
class Completing:
    """The use case behind `POST /v1/charts/{chart_id}/complete`."""

    pool: Pool
    lease_seconds: float
    previewing: Previewing
    key: SigningKey | None = None
    """Signs every code; without one a Claim names its decisions but does not prove them."""
    grouper: Grouper | None = None
    """Puts the MS-DRG on the Claim of an inpatient stay."""
    policy: AutomationPolicy = DEFAULT_POLICY

    async def complete(self, request: UnderLease) -> CodingCompleted:
        """Complete a chart under its lease; raises LeaseLost, NotFound and ChartNotComplete.

        Billing's edits are asked before anything is locked; their errors are open points, their warnings are not.
        """
        refused = await self._scrub(request)

        async def act(connection: Connection) -> CodingCompleted:
            return await self.finish(connection, request, refused)

        try:
            return await answer_once(self.pool, request.repeatable, CodingCompleted, act)
        except ChartNotComplete as error:
            if any(point.code == SEED_TAKEN for point in error.points):
                await self._keep_missed(request)
            raise

    async def finish(
        self, connection: Connection, request: UnderLease, refused: Sequence[OpenPoint] = ()
    ) -> CodingCompleted:
        """Complete a chart within the caller's transaction; `refused` are errors that billing's edits found."""
        lease, coding_version = await hold_lease(connection, request, self.lease_seconds)
        finished = await _build(connection, request, lease, coding_version + 1, self, refused)
        coded, coder = finished.coded, request.coder.subject
        await charts.insert_coding(connection, coded, completed_by=coder)
        await learn_coding(connection, lease.chart_id, coded.coding_version, finished.specialty, finished.lessons)
        told = await self._settle(connection, finished.draft, coder)
        await work_items.complete_work_item(connection, lease.work_item_id, coded.coding_version)
        await Outbox(SCHEMA).enqueue(connection, [_announce(coded)])
        return CodingCompleted(
            chart_id=coded.chart_id,
            coding_version=coded.coding_version,
            claim_id=coded.claim.resource_id,
            seeds=told,
        )

    async def _settle(self, connection: Connection, draft: CodingDraft, coder: str) -> tuple[SeedTold, ...]:
        """Settle the chart's seeds and, unless the automation itself coded it, compare it with what that had said."""
        told = tuple(
            SeedTold(code=seed.suggestion.content.code, display=seed.suggestion.content.display, outcome=outcome)
            for seed, outcome in await settle_seeds(connection, draft.planted, draft.said, coder)
        )
        if coder != AUTOMATION:
            chart = ChartId(draft.chart.chart_id), draft.chart.chart_version
            missed = any(each.outcome is SeedOutcome.MISSED for each in told)
            await observe_coding(connection, self.policy, *chart, draft.codings, missed_seed=missed)
        return told

    async def _keep_missed(self, request: UnderLease) -> None:
        """Settle a seed whose coder has just been told; the chart itself is not complete."""
        async with self.pool.acquire() as connection, connection.transaction():
            item = await work_items.find_by_chart(connection, request.chart_id)
            for seed in await seeds.read_seeds(connection, request.chart_id, item.chart_version) if item else ():
                await seeds.settle_seed(connection, seed, SeedOutcome.MISSED, request.coder.subject)

    async def _scrub(self, request: UnderLease) -> list[OpenPoint]:
        try:
            findings = await self.previewing.preview(request.chart_id, request.coder.practitioner) or ()
        except WrongState:  # a newer version came: the lease is gone, which `hold_lease` will say
            findings = ()
        return [
            OpenPoint(finding.edit, f"{finding.message} {finding.fix}", finding.expression or "Claim")
            for finding in findings
            if finding.severity == "error"
        ]


@dataclass(frozen=True, slots=True)
class _Finished:
    """A coding that is complete and valid, and what it teaches."""

    coded: ChartCoded
    draft: CodingDraft
    specialty: str
    lessons: list[Lesson]


def _announce(coded: ChartCoded) -> OutboxMessage:
    subject = str(coded.chart_id)
    return event_message(Envelope[ChartCoded](source=SOURCE, type=Topic.CHART_CODED, subject=subject, data=coded))


async def _build(
    connection: Connection,
    request: UnderLease,
    lease: Lease,
    coding_version: int,
    completing: Completing,
    refused: Sequence[OpenPoint],
) -> _Finished:
    draft = await read_draft(connection, lease.chart_id, lease.chart_version)
    open_points = draft.list_open_points() + list_seed_points(draft.planted, draft.said)
    open_points += list_open_queries(await queries.count_open(connection, lease.chart_id))
    open_points += refused
    if open_points:
        raise ChartNotComplete(open_points)
    coded = draft.build(coding_version, request.coder.practitioner, completing.key, completing.grouper)
    await asyncio.to_thread(_require_valid, coded)
    # What the automation accepts of the engine's own must not teach the engine that it was right.
    taught = [] if request.coder.subject == AUTOMATION else list_lessons(draft.proposed, draft.decided)
    return _Finished(coded, draft, read_specialty(draft.facts.encounter), taught)


def _require_valid(coded: ChartCoded) -> None:
    """Refuse to publish what is not valid FHIR; takes about 3 ms, so not on the event loop."""
    issues = [issue for resource in (coded.claim, coded.provenance) for issue in errors_of(validate(resource.body))]
    if issues:
        raise ChartNotComplete([OpenPoint(issue.rule, issue.message, issue.expression) for issue in issues])

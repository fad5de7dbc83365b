"""Draws audits of earlier coding, and takes their reviews.

Place in the flow: behind the routes and pages of audits; it reads finished codings and changes none. Invariants: nobody
reviews their own coding; who reviews blind has coded before the first coding is shown; every difference has its reason
before the review is kept.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from pydantic import TypeAdapter

from services.coder.audit_models import (
    AuditedChart,
    AuditRequest,
    AuditsPage,
    AuditView,
    AuditWithCharts,
    Codes,
    CodesRequest,
    Comparison,
    JudgementView,
    ReviewedCode,
    ReviewRequest,
    SampledChartView,
)
from services.coder.audit_views import show_audited
from services.coder.audits.audit import (
    Audit,
    AuditId,
    BlindCodingFirst,
    OwnCoding,
    ReviewedBefore,
    ReviewNotComplete,
)
from services.coder.audits.comparison import Category, Judgement, compare_codings
from services.coder.audits.reported import ReportedCode, read_reported
from services.coder.chart_facts import read_facts
from services.coder.grouping.grouper import Grouper
from services.coder.grouping.stay import read_stay
from services.coder.service.answers import answer_once
from services.coder.service.deciding import Coder
from services.coder.store import audits, charts, suggestions
from services.coder.store.audits import LockedSample, ReasonedJudgement, Wanted
from services.coder.store.reports import Caller
from services.coder.work_item import ChartId, OpenPoint
from shared.contracts.errors import InvalidContent, NotFound
from shared.contracts.messages import ChartReady
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool

_CODES: TypeAdapter[tuple[ReviewedCode, ...]] = TypeAdapter(Codes)
_MOST_DIFFERENCES = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, how far they reach, and as what the request may come again."""

    coder: Coder
    caller: Caller
    repeatable: Repeatable | None = None


@dataclass(frozen=True, slots=True)
class Sampled:
    """A chart of an audit."""

    audit_id: AuditId
    chart_id: ChartId


@dataclass(frozen=True)
class Auditing:
    """The use cases of auditors."""

    pool: Pool
    grouper: Grouper | None = None

    async def draw(self, actor: Actor, request: AuditRequest) -> AuditView:
        """Draw a sample within the caller's reach; raises InvalidContent when no chart fits."""
        seed = request.seed or secrets.token_hex(8)

        async def act(connection: Connection) -> AuditView:
            span = _span(request.since, request.until)
            sample = await audits.draw_sample(
                connection,
                actor.caller,
                request.to_domain(),
                span,
                method=request.method,
                seed=seed,
                size=request.size,
            )
            if not sample.codings:
                raise InvalidContent("no finished chart within your reach fits; widen the criteria")
            audit_id = AuditId(uuid4())
            await audits.insert_audit(
                connection,
                sample,
                audit_id=audit_id,
                title=request.title,
                criteria=request.model_dump_json(),
                method=request.method,
                seed=seed,
                blind=request.blind,
                drawn_by=actor.coder.subject,
            )
            return AuditView.of(await _find(connection, audit_id))

        return await answer_once(self.pool, actor.repeatable, AuditView, act)

    async def list_audits(self, limit: int, after: AuditId | None) -> AuditsPage:
        """List audits, the latest first."""
        found = await audits.list_audits(self.pool, limit + 1, after=after)
        last = found[limit - 1] if len(found) > limit else None
        return AuditsPage(audits=tuple(map(AuditView.of, found[:limit])), next=str(last.audit_id) if last else None)

    async def read(self, caller: Caller, audit_id: AuditId) -> tuple[AuditWithCharts, int]:
        """Read an audit with the charts that the caller may see, and its revision; raises NotFound."""
        async with self.pool.acquire() as connection:
            audit = await _find(connection, audit_id)
            sample = await audits.list_sample(connection, caller, audit_id)
        view = AuditView.of(audit)
        charts = tuple(SampledChartView.of(each, blind=audit.blind) for each in sample)
        return AuditWithCharts(**dict(view), charts=charts), audit.revision

    async def open_chart(self, actor: Actor, place: Sampled) -> AuditedChart:
        """Open a chart of a sample for its review; raises NotFound and OwnCoding."""
        async with self.pool.acquire() as connection, connection.transaction():
            sample = await _lock(connection, actor, place)
            key = (connection, place.chart_id, sample.chart.chart_version)
            chart = await charts.read_chart(*key)
            wanted = Wanted(audit_id=place.audit_id, chart_id=place.chart_id)
            return show_audited(
                place.audit_id,
                sample,
                chart,
                coded=read_reported(sample.claim) if _is_revealed(sample) else None,
                coded_blind=_CODES.validate_json(sample.blind_codes) if sample.blind_codes else None,
                suggested=await suggestions.read_suggestions(*key),
                differences=await audits.list_differences(connection, actor.caller, wanted, _MOST_DIFFERENCES),
            )

    async def code_blind(self, actor: Actor, place: Sampled, request: CodesRequest) -> Comparison:
        """Keep what a reviewer coded before seeing the first coding, and compare; raises ReviewedBefore."""

        async def act(connection: Connection) -> Comparison:
            sample = await _lock(connection, actor, place)
            if sample.chart.coded_blind_by or sample.chart.reviewer:
                raise ReviewedBefore("the chart was coded in this audit before; what was coded stays")
            codes = _CODES.dump_json(request.codes).decode()
            await audits.insert_blind_coding(connection, place.audit_id, place.chart_id, actor.coder.subject, codes)
            return _show(await self._compare(connection, place, sample, request))

        return await answer_once(self.pool, actor.repeatable, Comparison, act)

    async def compare(self, actor: Actor, place: Sampled, request: CodesRequest) -> Comparison:
        """Compare a coding with the first one; nothing is kept. Raises BlindCodingFirst."""
        async with self.pool.acquire() as connection, connection.transaction():
            sample = await _lock(connection, actor, place)
            if not _is_revealed(sample):
                raise BlindCodingFirst("code the chart first; then it is compared")
            return _show(await self._compare(connection, place, sample, request))

    async def review(self, actor: Actor, place: Sampled, request: ReviewRequest) -> Comparison:
        """Keep a review; raises ReviewNotComplete, ReviewedBefore, BlindCodingFirst, OwnCoding and NotFound."""

        async def act(connection: Connection) -> Comparison:
            sample = await _lock(connection, actor, place)
            _require_reviewable(sample, actor.coder.subject)
            judged = await self._compare(connection, place, sample, request)
            await audits.insert_review(
                connection,
                place.audit_id,
                place.chart_id,
                _give_reasons(judged, request),
                reviewer=actor.coder.subject,
                practitioner=actor.coder.practitioner,
                codes=_CODES.dump_json(request.codes).decode(),
            )
            return _show(judged)

        return await answer_once(self.pool, actor.repeatable, Comparison, act)

    async def _compare(
        self, connection: Connection, place: Sampled, sample: LockedSample, request: CodesRequest
    ) -> list[Judgement]:
        coded = read_reported(sample.claim)
        correct = [each.to_domain() for each in request.codes]
        chart = await charts.read_chart(connection, place.chart_id, sample.chart.chart_version)
        groups = await asyncio.to_thread(lambda: (self._group(chart, coded), self._group(chart, correct)))
        return compare_codings(coded, correct, groups)

    def _group(self, chart: ChartReady, codes: Sequence[ReportedCode]) -> str | None:
        """The MS-DRG of a stay; both codings are grouped the same way."""
        stay = read_stay(chart, read_facts(chart), [each.chosen for each in codes])
        group = self.grouper.group(stay) if self.grouper and stay else None
        return group.drg if group else None


async def _find(connection: Connection, audit_id: AuditId) -> Audit:
    found = await audits.list_audits(connection, 1, audit_id=audit_id)
    if not found:
        raise NotFound("there is no audit with this id")
    return found[0]


async def _lock(connection: Connection, actor: Actor, place: Sampled) -> LockedSample:
    sample = await audits.lock_sampled(connection, place.audit_id, place.chart_id)
    if sample is None:
        raise NotFound("the audit has no such chart")
    if sample.chart.coder == actor.coder.subject:
        raise OwnCoding("this is your own coding; somebody else reviews it")
    return sample


def _is_revealed(sample: LockedSample) -> bool:
    return not sample.blind or sample.chart.coded_blind_by is not None or sample.chart.reviewer is not None


def _require_reviewable(sample: LockedSample, reviewer: str) -> None:
    if sample.chart.reviewer:
        raise ReviewedBefore("the chart was reviewed in this audit; its review stays")
    if not _is_revealed(sample):
        raise BlindCodingFirst("code the chart first; then it is compared, and you review")
    if sample.chart.coded_blind_by not in (None, reviewer):
        raise ReviewedBefore("another reviewer has coded this chart; the review is theirs")


def _give_reasons(judged: Sequence[Judgement], request: ReviewRequest) -> list[ReasonedJudgement]:
    """Put to each difference its reason; raises ReviewNotComplete with every one that has none."""
    reasons = {each.key: each for each in request.reasons}
    lacking = [each for each in judged if _needs_reason(each) and each.key not in reasons]
    if lacking:
        message = "this differs from the first coding: say why, with the guideline, or agree"
        raise ReviewNotComplete([OpenPoint("difference-without-reason", message, each.key) for each in lacking])
    return [
        ReasonedJudgement(each, reasons[each.key].reason, reasons[each.key].guideline)
        if _needs_reason(each)
        else ReasonedJudgement(each)
        for each in judged
    ]


def _needs_reason(judgement: Judgement) -> bool:
    """The MS-DRG follows from codes, whose differences have reasons."""
    return not judgement.agreed and judgement.category is not Category.DRG


def _show(judged: Sequence[Judgement]) -> Comparison:
    return Comparison(judgements=tuple(map(JudgementView.of, judged)))


def _span(since: date, until: date) -> tuple[datetime, datetime]:
    return datetime.combine(since, time(), UTC), datetime.combine(until + timedelta(days=1), time(), UTC)

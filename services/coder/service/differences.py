"""What becomes of the differences that reviews found, and how right codings were.

Place in the flow: behind the routes and pages of differences and accuracy. Invariants: its coder answers a difference
once, a lead who neither coded nor reviewed closes it once; what was said stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.coder.audits.accuracy import Share
from services.coder.audits.audit import (
    ANSWERABLE,
    AuditId,
    Difference,
    DifferenceId,
    DifferenceSettled,
    DifferenceState,
    Method,
    OwnCoding,
)
from services.coder.audits.comparison import CODES, Category
from services.coder.difference_models import (
    AccuracyReport,
    AccuracyRow,
    AnswerRequest,
    ClosingRequest,
    CodeAccuracy,
    DifferencesPage,
    DifferenceView,
    ShareView,
    page_differences,
)
from services.coder.service.answers import answer_once
from services.coder.service.auditing import Actor
from services.coder.store import audits
from services.coder.store.audits import Counted, Measured, Wanted
from services.coder.store.reports import Caller
from shared.audit.trail import name_entity
from shared.contracts.errors import NotFound
from shared.postgres.pool import Connection, Pool

_CHART = "chart"
_MOST_CODES = 50


@dataclass(frozen=True)
class Differences:
    """The use cases of coders and leads about reviews."""

    pool: Pool

    async def list_differences(
        self, caller: Caller, wanted: Wanted, limit: int, after: DifferenceId | None = None
    ) -> DifferencesPage:
        """List differences, the latest review first."""
        found = await audits.list_differences(self.pool, caller, wanted, limit + 1, after=after)
        for each in found[:limit]:
            name_entity("chart", each.chart_id)
        return page_differences(found, limit)

    async def answer(self, actor: Actor, difference_id: DifferenceId, request: AnswerRequest) -> DifferenceView:
        """Keep what the coder says; raises NotFound, OwnCoding for anybody else, and DifferenceSettled."""

        async def act(connection: Connection) -> DifferenceView:
            difference = await _lock(connection, actor, difference_id)
            if difference.coder != actor.coder.subject:
                raise OwnCoding("whoever coded the chart answers")
            return await _say(connection, actor, difference, DifferenceState(request.answer), request.words)

        return await answer_once(self.pool, actor.repeatable, DifferenceView, act)

    async def close(self, actor: Actor, difference_id: DifferenceId, request: ClosingRequest) -> DifferenceView:
        """Keep what a lead decides; raises NotFound, OwnCoding for who had a part in it, and DifferenceSettled."""

        async def act(connection: Connection) -> DifferenceView:
            difference = await _lock(connection, actor, difference_id)
            if actor.coder.subject in (difference.coder, difference.reviewer):
                raise OwnCoding("a lead who neither coded nor reviewed the chart closes this")
            return await _say(connection, actor, difference, DifferenceState(request.outcome), request.words)

        return await answer_once(self.pool, actor.repeatable, DifferenceView, act)

    async def read_accuracy(
        self,
        caller: Caller,
        days: tuple[date, date],
        methods: Sequence[Method],
        *,
        audit_id: AuditId | None = None,
        coder: str | None = None,
    ) -> AccuracyReport:
        """Count the reviews of some UTC days, by coder, category and code."""
        since, until = days
        begin, end = datetime.combine(since, time(), UTC), datetime.combine(until + timedelta(days=1), time(), UTC)
        measured = Measured(begin, end, tuple(methods), audit_id, coder)
        counted = await audits.measure_accuracy(self.pool, caller, measured)
        coders = list(dict.fromkeys(each.coder for each in counted if each.coder))
        return AccuracyReport(
            since=since,
            until=until,
            methods=tuple(methods),
            together=_shape_row(None, [each for each in counted if not each.by_coder and not each.by_code]),
            coders=tuple(_shape_row(name, [each for each in counted if each.coder == name]) for name in coders),
            codes=tuple(_list_codes(counted)),
        )


async def _lock(connection: Connection, actor: Actor, difference_id: DifferenceId) -> Difference:
    await audits.lock_difference(connection, difference_id)
    found = await audits.list_differences(connection, actor.caller, Wanted(difference_id=difference_id), 1)
    if not found:
        raise NotFound("there is no difference with this id")
    name_entity("chart", found[0].chart_id)
    return found[0]


async def _say(
    connection: Connection, actor: Actor, difference: Difference, event: DifferenceState, words: str | None
) -> DifferenceView:
    if difference.state not in ANSWERABLE[event]:
        raise DifferenceSettled(f"the difference is {difference.state}; what was said stays")
    await audits.insert_event(connection, difference.difference_id, event, actor.coder.subject, words)
    wanted = Wanted(difference_id=difference.difference_id)
    (said,) = await audits.list_differences(connection, actor.caller, wanted, 1)
    return DifferenceView.of(said)


def _shape_row(coder: str | None, counted: Sequence[Counted]) -> AccuracyRow:
    charts = next((each for each in counted if each.category == _CHART), None)
    kinds = {Category(each.category): each for each in counted if each.category != _CHART}
    codes = [each for category, each in kinds.items() if category in CODES]
    return AccuracyRow(
        coder=coder,
        charts=_share(charts.correct if charts else 0, charts.judged if charts else 0),
        codes=_share(sum(each.needed_correct for each in codes), sum(each.needed for each in codes)),
        by_category={category: _share(each.correct, each.judged) for category, each in kinds.items()},
    )


def _list_codes(counted: Iterable[Counted]) -> list[CodeAccuracy]:
    """The codes that were wrong most often."""
    wrong = [each for each in counted if each.by_code and each.category in CODES and each.correct < each.judged]
    wrong.sort(key=lambda each: (each.correct - each.judged, each.category, each.code))
    return [
        CodeAccuracy(category=Category(each.category), code=each.code or "", accuracy=_share(each.correct, each.judged))
        for each in wrong[:_MOST_CODES]
    ]


def _share(correct: int, judged: int) -> ShareView:
    return ShareView.of(Share(correct, judged))

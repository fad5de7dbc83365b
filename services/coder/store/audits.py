"""Audits of earlier coding: samples, reviews, differences, and what was counted on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.coder.audits.audit import (
    Audit,
    AuditId,
    Criteria,
    Difference,
    DifferenceId,
    DifferenceState,
    Method,
    SampledChart,
)
from services.coder.audits.comparison import Category, Judgement
from services.coder.store import SQL
from services.coder.store.reports import Caller
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """The charts that were drawn with the versions of their codings, and how many fitted."""

    codings: tuple[tuple[ChartId, int], ...]
    population: int


@dataclass(frozen=True, slots=True)
class LockedSample:
    """A chart of a sample as its reviewer needs it: the first coding's Claim, and what was coded blind, as JSON."""

    chart: SampledChart
    title: str
    blind: bool
    claim: str
    blind_codes: str | None


@dataclass(frozen=True, slots=True)
class ReasonedJudgement:
    """A judgement on its way into the database."""

    judgement: Judgement
    reason: str | None = None
    guideline: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Points of reviews: of a category, of a coder's, or about a code. `category` is "chart" for whole charts."""

    coder: str | None
    code: str | None
    category: str
    judged: int
    correct: int
    needed: int
    needed_correct: int
    by_coder: bool
    by_code: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences are asked for; None is no limit."""

    coder: str | None = None
    states: tuple[DifferenceState, ...] | None = None
    audit_id: AuditId | None = None
    chart_id: ChartId | None = None
    difference_id: DifferenceId | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Which reviews are counted."""

    since: datetime
    until: datetime
    methods: tuple[Method, ...]
    audit_id: AuditId | None = None
    coder: str | None = None


async def draw_sample(
    connection: Connection,
    caller: Caller,
    criteria: Criteria,
    span: tuple[datetime, datetime],
    *,
    method: Method,
    seed: str,
    size: int,
) -> DrawnSample:
    """Draw finished codings of a span of time."""
    limits = {name: getattr(criteria, name) for name in ("coder", "list_id", "service_line", "specialty")}
    rows = await SQL.fetch(
        connection,
        "draw_sample",
        own_records=sorted(caller.reach.own_records),
        since=span[0],
        until=span[1],
        method=method,
        seed=seed,
        size=size,
        **limits,
        **caller.scope,
    )
    codings = tuple((ChartId(row["chart_id"]), int(row["coding_version"])) for row in rows)
    return DrawnSample(codings, rows[0]["population"] if rows else 0)


async def insert_audit(connection: Connection, sample: DrawnSample, **values: object) -> None:
    """Keep an audit with its sample."""
    await SQL.execute(connection, "insert_audit", population=sample.population, **values)
    await SQL.execute(
        connection,
        "insert_sample",
        audit_id=values["audit_id"],
        chart_ids=[chart_id for chart_id, _ in sample.codings],
        coding_versions=[version for _, version in sample.codings],
    )


async def list_audits(
    connection: Executor, limit: int, *, after: AuditId | None = None, audit_id: AuditId | None = None
) -> list[Audit]:
    """List audits, the latest first, or the one that is named."""
    rows = await SQL.fetch(connection, "list_audits", audit_id=audit_id, after=after, limit=limit)
    return [Audit(**{name: row[name] for name in Audit.__slots__} | {"method": Method(row["method"])}) for row in rows]


async def list_sample(connection: Executor, caller: Caller, audit_id: AuditId) -> list[SampledChart]:
    """List the charts of a sample within the caller's reach."""
    rows = await SQL.fetch(connection, "list_sample", audit_id=audit_id, **caller.scope)
    return [SampledChart(**row) for row in rows]


async def lock_sampled(connection: Connection, audit_id: AuditId, chart_id: ChartId) -> LockedSample | None:
    """Read a chart of a sample and hold it until the transaction ends."""
    row = await SQL.fetchrow(connection, "lock_sampled", audit_id=audit_id, chart_id=chart_id)
    if row is None:
        return None
    known = {name: row[name] for name in SampledChart.__slots__ if name != "differences"}
    chart = SampledChart(**known, differences=0)
    return LockedSample(chart, row["title"], row["blind"], row["claim"], row["blind_codes"])


async def insert_blind_coding(
    connection: Connection, audit_id: AuditId, chart_id: ChartId, reviewer: str, codes: str
) -> None:
    """Keep what a reviewer coded blind."""
    await SQL.execute(
        connection, "insert_blind_coding", audit_id=audit_id, chart_id=chart_id, reviewer=reviewer, codes=codes
    )


async def insert_review(
    connection: Connection,
    audit_id: AuditId,
    chart_id: ChartId,
    judged: Sequence[ReasonedJudgement],
    *,
    reviewer: str,
    practitioner: str,
    codes: str,
) -> None:
    """Keep a review with its judgements."""
    place = {"audit_id": audit_id, "chart_id": chart_id}
    await SQL.execute(connection, "insert_review", reviewer=reviewer, practitioner=practitioner, codes=codes, **place)
    await SQL.execute(
        connection,
        "insert_judgements",
        categories=[each.judgement.category for each in judged],
        coded=[each.judgement.coded for each in judged],
        correct=[each.judgement.correct for each in judged],
        reasons=[each.reason for each in judged],
        guidelines=[each.guideline for each in judged],
        **place,
    )


async def list_differences(
    connection: Executor, caller: Caller, wanted: Wanted, limit: int, *, after: DifferenceId | None = None
) -> list[Difference]:
    """List differences, the latest review first."""
    rows = await SQL.fetch(
        connection,
        "list_differences",
        coder=wanted.coder,
        states=None if wanted.states is None else list(wanted.states),
        audit_id=wanted.audit_id,
        chart_id=wanted.chart_id,
        difference_id=wanted.difference_id,
        after=after,
        limit=limit,
        **caller.scope,
    )
    return [
        Difference(**{**row, "category": Category(row["category"]), "state": DifferenceState(row["state"])})
        for row in rows
    ]


async def lock_difference(connection: Connection, difference_id: DifferenceId) -> None:
    """Hold a difference until the transaction ends."""
    await SQL.execute(connection, "lock_difference", difference_id=difference_id)


async def insert_event(
    connection: Connection, difference_id: DifferenceId, event: DifferenceState, actor: str, words: str | None
) -> None:
    """Keep what somebody said about a difference."""
    await SQL.execute(
        connection, "insert_difference_event", difference_id=difference_id, event=event, actor=actor, words=words
    )


async def measure_accuracy(connection: Executor, caller: Caller, measured: Measured) -> list[Counted]:
    """Count the points of reviews by category, by coder and by code."""
    rows = await SQL.fetch(
        connection,
        "measure_accuracy",
        since=measured.since,
        until=measured.until,
        methods=list(measured.methods),
        audit_id=measured.audit_id,
        coder=measured.coder,
        **caller.scope,
    )
    return [Counted(**row) for row in rows]

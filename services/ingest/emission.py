"""Looks at the charts whose time has come and tells the coder which are ready, or no longer are.

Place in the flow: a loop beside the consumer. An arrival, the end of a hold, and the wait for something missing all
come to the same thing: the chart's `evaluate_at`. Several processes may run it; each takes charts that no other has.

Invariant: a decision, its chart version and its message are one transaction, and unchanged material sends nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.ingest import SCHEMA, chart_store
from services.ingest.assembly import (
    OWN_KINDS,
    Material,
    StoredResource,
    assemble_ready,
    assemble_withdrawn,
    follow_references,
)
from services.ingest.chart_store import DueChart, SettledChart
from services.ingest.readiness import ChartFacts, Decision, Readiness, decide_readiness
from services.ingest.service import Clock, now_utc
from services.ingest.settings import IngestOptions
from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.fhir.references import ResourceKey
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection, Pool
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter
from shared.transient import is_transient

_log = get_logger(__name__)
_emitted = counter("chartline_ingest_charts_total", "Chart versions sent to the coder.", ("reason",))

_set_aside = counter("chartline_ingest_charts_set_aside_total", "Charts whose assembly failed, to be tried again.")
_SET_ASIDE = timedelta(minutes=10)
_outbox = Outbox(SCHEMA)

_Decided = tuple[SettledChart, ChartReady | None]


@dataclass(frozen=True, slots=True)
class Emission:
    """Emits due charts. `wake_relay` is called after a commit that put messages into the outbox."""

    pool: Pool
    options: IngestOptions
    wake_relay: Callable[[], None] = lambda: None
    clock: Clock = now_utc

    async def run(self, stop: asyncio.Event) -> None:
        """Emit until `stop`; an outage of the database is waited out."""
        while not stop.is_set():
            if await self._emit_or_log() < self.options.charts_per_pass:
                await self._rest(stop)

    async def emit_due(self) -> int:
        """Decide on the charts that are due, at most one pass of them; returns how many were looked at."""
        now = self.clock()
        async with self.pool.acquire() as connection, connection.transaction():
            charts = await chart_store.lock_due_charts(connection, now, self.options.charts_per_pass)
            if not charts:
                return 0
            materials = await _gather_materials(connection, charts)
            decided = await asyncio.to_thread(self._decide_all, charts, materials, now)
            await chart_store.settle_charts(connection, [settled for settled, _ in decided], now)
            messages = [message for _, message in decided if message is not None]
            await _outbox.enqueue(connection, [await asyncio.to_thread(_envelop, each) for each in messages])
        for message in messages:
            _emitted.labels(message.reason).inc()
        if messages:
            self.wake_relay()
        return len(charts)

    def _decide_all(
        self, charts: Sequence[DueChart], materials: Mapping[str, Material], now: datetime
    ) -> list[_Decided]:
        grace = timedelta(seconds=self.options.context_grace_seconds)
        return [self._decide_or_set_aside(chart, materials[chart.encounter_id], now, grace) for chart in charts]

    def _decide_or_set_aside(self, chart: DueChart, material: Material, now: datetime, grace: timedelta) -> _Decided:
        try:
            return decide_chart(chart, material, now, grace)
        except Exception as error:  # noqa: BLE001 - one chart that cannot be assembled must not stop the others
            _log.error("chart-set-aside", chart_id=chart.chart_id, exc_info=error)
            _set_aside.inc()
            return replace(_unchanged(chart), evaluate_at=now + _SET_ASIDE), None

    async def _emit_or_log(self) -> int:
        try:
            return await self.emit_due()
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("emission-waits", error_class=type(error).__name__)
            return 0

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for the idle time; `stop` ends it early."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=self.options.idle_seconds)


def decide_chart(chart: DueChart, material: Material, now: datetime, grace: timedelta) -> _Decided:
    """Decide on one chart: its row afterwards, and the message where there is news for the coder."""
    missing, wanted = material.find_missing(), material.find_wanted()
    facts = ChartFacts(
        is_ready=chart.state == "ready",
        encounter_status=chart.encounter_status,
        hold_until=chart.hold_until,
        learned_at=chart.learned_at,
        pending_reports=material.count_pending(),
        readable=material.count_readable(),
        missing=missing,
        wanted=wanted,
    )
    readiness = decide_readiness(facts, now, grace)
    settled = replace(_unchanged(chart), missing=missing | wanted, evaluate_at=readiness.look_again_at)
    if readiness.decision is Decision.WITHDRAW:
        return _withdraw(settled, readiness, material)
    if readiness.decision is Decision.EMIT:
        return _emit(settled, readiness, material)
    return settled, None


def _unchanged(chart: DueChart) -> SettledChart:
    return SettledChart(
        chart_id=chart.chart_id,
        state=chart.state,
        chart_version=chart.chart_version,
        fingerprint=chart.fingerprint,
        missing=frozenset(),
        evaluate_at=None,
    )


def _emit(settled: SettledChart, readiness: Readiness, material: Material) -> _Decided:
    fingerprint = material.fingerprint(settled.missing)
    if settled.state == "ready" and fingerprint == settled.fingerprint:
        return settled, None
    version = settled.chart_version + 1
    message = assemble_ready(settled.chart_id, version, readiness.require_reason(), material)
    return replace(settled, state="ready", chart_version=version, fingerprint=fingerprint), message


def _withdraw(settled: SettledChart, readiness: Readiness, material: Material) -> _Decided:
    """A coder who never had the chart, or lost it already, is told nothing."""
    void = readiness.reason == "encounter-void"
    state = "withdrawn" if void else "open"
    if settled.state != "ready":
        return replace(settled, state=state), None
    version = settled.chart_version + 1
    message = assemble_withdrawn(settled.chart_id, version, readiness.require_reason(), material)
    return replace(settled, state=state, chart_version=version, fingerprint=None), message


def _envelop(chart: ChartReady) -> OutboxMessage:
    key = str(chart.chart_id)
    event = Envelope[ChartReady](source=SCHEMA, type=Topic.CHART_READY, subject=key, data=chart)
    headers = {"content-type": CONTENT_TYPE}
    return OutboxMessage(Topic.CHART_READY, key, event.encode(), headers, message_id=str(event.id))


async def _gather_materials(connection: Connection, charts: Sequence[DueChart]) -> dict[str, Material]:
    """Read all that these charts need in four statements, however many charts."""
    encounter_ids = [chart.encounter_id for chart in charts]
    patients = {ResourceKey("Patient", chart.patient_id) for chart in charts if chart.patient_id}
    own = await chart_store.read_encounter_resources(connection, encounter_ids, OWN_KINDS)
    coverages = await chart_store.read_coverages(connection, {key.resource_id for key in patients})
    sources = [each for group in (*own.values(), *coverages.values()) for each in group]
    first = follow_references(sources) | patients
    others = await chart_store.read_resources(connection, first)
    second = follow_references(others.values()) - first
    others |= await chart_store.read_resources(connection, second) if second else {}
    return {chart.encounter_id: _material(chart, own[chart.encounter_id], coverages, others) for chart in charts}


def _material(
    chart: DueChart,
    own: Iterable[StoredResource],
    coverages: Mapping[str, list[StoredResource]],
    others: Mapping[ResourceKey, StoredResource],
) -> Material:
    key = ResourceKey("Encounter", chart.encounter_id)
    by_key = {resource.key: resource for resource in own}
    return Material(
        encounter=by_key.pop(key),
        own=tuple(by_key.values()),
        coverages=tuple(coverages.get(chart.patient_id or "", ())),
        others=others,
        patient=ResourceKey("Patient", chart.patient_id) if chart.patient_id else None,
    )

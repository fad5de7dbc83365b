"""Looks at what the engine has answered: decides silently, closes what may be closed, plants seeds; and changes modes.

Place in the flow: `suggesting` asks for a chart to be looked at in the transaction that opens it, one loop looks, and
`completing` finishes what is closed, on the same path as for people. Invariants: an answer is stored only while nobody
has had the chart; a chart is closed in the transaction that says so, or not at all; billing's edits are asked while no
transaction is open; locks are taken in the order work item, service line.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random, SystemRandom

from services.coder.automation.answer import Answer, accept_selected, suppose_made
from services.coder.automation.modes import (
    NOTHING_OBSERVED,
    Assessment,
    AutomationVersion,
    LineStanding,
    Mode,
    Trial,
    assess_trial,
    require_change,
)
from services.coder.automation.policy import AutomationPolicy
from services.coder.automation.seeds import plan_seed
from services.coder.automation.verdict import Verdict, judge_answer, judge_claim
from services.coder.coding import StoredSuggestion, list_codings
from services.coder.service.completing import Completing
from services.coder.service.deciding import Coder, UnderLease
from services.coder.service.drafting import CodingDraft, read_draft
from services.coder.service.observing import AUTOMATION
from services.coder.store import automation, decisions, seeds, suggestions
from services.coder.store.automation import Qualified, Screening
from services.coder.store.suggestions import EngineRun
from services.coder.work_item import ChartNotComplete, WorkItemId
from shared.audit.trail import record_change
from shared.codesets.icd10cm import load_icd10cm
from shared.contracts.errors import NotFound, RevisionChanged
from shared.postgres.pool import Connection, Pool
from shared.telemetry.logging import get_logger
from shared.transient import is_transient

_log = get_logger(__name__)
_LOOKED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found about a chart before anything was locked; `answer` is that of a chart that qualifies."""

    draft: CodingDraft
    version: AutomationVersion
    verdict: Verdict
    answer: Answer | None = None


@dataclass(frozen=True)
class Automating:
    """The use cases of automation; `chance` draws what people code blind, and what is seeded."""

    pool: Pool
    policy: AutomationPolicy
    completing: Completing
    chance: Random = field(default_factory=SystemRandom)

    async def look(self) -> int:
        """Look at charts that wait for it; returns how many, 0 when none does."""
        waiting = await automation.list_waiting(self.pool, _LOOKED_AT_ONCE)
        for screening in waiting:
            await self._look_at(screening)
        return len(waiting)

    async def change_mode(
        self, person: str, service_line: str, wanted: Mode, why: str, revision: int | None = None
    ) -> None:
        """Change the mode of a service line that is as its reader saw it. Shadow mode begins a trial of its own.

        Raises NotFound, ModeRefused and RevisionChanged.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            if service_line not in {line.service_line for line in await automation.list_lines(connection)}:
                raise NotFound("no chart of this service line has ever come", expression="service_line")
            line = await automation.lock_line(connection, service_line)
            if revision not in (None, line.revision):
                raise RevisionChanged("the service line was changed; read it again, then change it")
            recent = await automation.list_recent(connection, line.trial, self.policy.drift_window)
            if line.mode is not wanted:
                if line.trial and line.trial.version.policy != self.policy.version:
                    line = replace(line, trial=None)  # what was shown was shown about other charts
                require_change(line, wanted, _assess(line, recent, self.policy))
                trial = line.trial if wanted is Mode.ACTIVE else None
                await automation.change_line(connection, service_line, wanted, trial, changed_by=person, why=why)
            await record_change(connection)

    async def _look_at(self, screening: Screening) -> None:
        try:
            found = await self._judge(screening)
            if self.policy.seed_share:
                await asyncio.to_thread(load_icd10cm)  # seconds, the first time
            async with self.pool.acquire() as connection, connection.transaction():
                await self._settle(connection, screening, found)
        except ChartNotComplete:  # what no edit and no open point had told: people see to it
            await self._leave_to_people(screening, Verdict.OPEN_POINT)
        except Exception as error:
            if is_transient(error):
                raise
            # One chart that cannot be looked at must not keep the loop from all others.
            _log.error("screening-failed", chart_id=screening.chart_id, exc_info=error)
            await self._leave_to_people(screening, Verdict.FAILED)

    async def _leave_to_people(self, screening: Screening, verdict: Verdict) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await automation.settle_screening(connection, screening, verdict, None)

    async def _judge(self, screening: Screening) -> _Found:
        """Judge a chart version as it was stored, whatever has become of it since."""
        key = (screening.chart_id, screening.chart_version)
        async with self.pool.acquire() as connection:
            draft = await read_draft(connection, *key)
            run = await suggestions.read_run(connection, *key)
            lines = {line.service_line: line for line in await automation.list_lines(connection)}
        version = AutomationVersion.of(draft.engine, self.policy)
        line = lines.get(screening.service_line)
        if line is None or line.mode not in (Mode.SHADOW, Mode.ACTIVE) or run is None:
            return _Found(draft, version, Verdict.NOT_ASKED)
        verdict = self._judge_answer(screening, draft, run)
        if verdict is not Verdict.QUALIFIES:
            return _Found(draft, version, verdict)
        supposed = self._suppose(draft)
        points = supposed.list_open_points()
        previewing = self.completing.previewing
        coded = supposed.build(1, self._coder.practitioner, None, previewing.grouper)
        verdict = judge_claim(points, None if points else await previewing.edits.preview(coded))
        return _Found(draft, version, verdict, Answer.of(supposed.codings) if verdict is Verdict.QUALIFIES else None)

    def _judge_answer(self, screening: Screening, draft: CodingDraft, run: EngineRun) -> Verdict:
        threshold = self.policy.threshold_of(screening.service_line)
        return judge_answer(draft.proposed, run.indicators, threshold, self.policy)

    def _suppose(self, draft: CodingDraft) -> CodingDraft:
        """The chart as it would be had the automation decided."""
        coder, now = self._coder, datetime.now(UTC)
        made = [suppose_made(new, coder.subject, coder.practitioner, now) for new in accept_selected(draft.proposed)]
        return replace(draft, decided=made, codings=list_codings(draft.proposed, made))

    @property
    def _coder(self) -> Coder:
        """The automation as the one who decides: a Device that is named by its policy."""
        return Coder(AUTOMATION, f"Device/{AUTOMATION}-{self.policy.version}")

    async def _settle(self, connection: Connection, screening: Screening, found: _Found) -> None:
        work_item_id = await automation.lock_untouched(connection, screening)
        if work_item_id is None:
            await automation.settle_screening(connection, screening, Verdict.OVERTAKEN, None)
            return
        qualified = await self._qualify(connection, screening, found) if found.answer else None
        lost = found.answer is not None and qualified is None
        verdict = Verdict.OVERTAKEN if lost else found.verdict
        if not await automation.settle_screening(connection, screening, verdict, qualified):
            return
        if qualified and qualified.closes:
            await self._close(connection, screening, work_item_id, found.draft.proposed)
        elif self.chance.random() < self.policy.seed_share:
            day = found.draft.chart.service_date
            planned = plan_seed(found.draft.proposed, load_icd10cm(), day, self.chance)
            if planned:
                await seeds.insert_seed(connection, planned)

    async def _qualify(self, connection: Connection, screening: Screening, found: _Found) -> Qualified | None:
        """Put a chart into the trial of its version; None when the line asks no more, or is beyond this version."""
        line = await automation.lock_line(connection, screening.service_line)
        if found.answer is None or line.mode not in (Mode.SHADOW, Mode.ACTIVE):
            return None
        if line.trial and line.trial.version == found.version:
            closes = line.mode is Mode.ACTIVE and self.chance.random() >= self.policy.blind_share
            return Qualified(line.trial, found.answer, closes)
        trial = await _begin_trial(connection, line, found.version)
        return Qualified(trial, found.answer, closes=False) if trial else None

    async def _close(
        self,
        connection: Connection,
        screening: Screening,
        work_item_id: WorkItemId,
        proposed: list[StoredSuggestion],
    ) -> None:
        coder = self._coder
        token = await automation.lease_untouched(connection, work_item_id, coder.subject)
        await decisions.insert_decisions(
            connection,
            screening.chart_id,
            screening.chart_version,
            accept_selected(proposed),
            decided_by=coder.subject,
            practitioner=coder.practitioner,
        )
        await self.completing.finish(connection, UnderLease(coder, screening.chart_id, token))


async def _begin_trial(connection: Connection, line: LineStanding, version: AutomationVersion) -> Trial | None:
    """Begin a trial of a version that the line has not had, in shadow mode; None for one that it has left behind."""
    earlier = await automation.count_trials(connection, line.service_line, version)
    if line.trial and earlier:
        return None
    trial = await automation.insert_trial(connection, line.service_line, version, earlier + 1)
    why = "a new version of engine, code set, lexicon or policy" if line.trial else line.why
    by = AUTOMATION if line.trial else line.changed_by
    await automation.change_line(connection, line.service_line, Mode.SHADOW, trial, changed_by=by, why=why)
    return trial


def _assess(line: LineStanding, recent: list[bool], policy: AutomationPolicy) -> Assessment:
    return assess_trial(line.trial, recent, policy) if line.trial else NOTHING_OBSERVED

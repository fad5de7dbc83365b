"""Runs the engine again on a chart version as it was, and tells whether it says the same.

Place in the flow: for audits and tests, beside `suggesting`. Invariant: the chart is the stored one and the learned
state the recorded one, so with the engine of the recorded version, and the code-set releases that were loaded then, the
answer is the same to the last digit.
"""

from dataclasses import dataclass, replace

from services.coder.chart_facts import read_engine_chart, read_facts
from services.coder.engine.model import Engine, EngineVersion, Suggestions
from services.coder.service.drug_codes import give_drug_codes
from services.coder.service.learning import read_state
from services.coder.service.procedure_tables import LoadedTables
from services.coder.service.releases import confirm_services
from services.coder.store import charts, suggestions
from services.coder.work_item import ChartId
from shared.contracts.errors import Conflict, NotFound
from shared.postgres.pool import Pool


class OtherEngine(Conflict):
    """The run is of another engine, code set or lexicon than the one that is installed."""

    code = "other-engine"


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What was stored, and what the engine says today about the same chart with what was learned then."""

    stored: Suggestions
    computed: Suggestions

    @property
    def is_exact(self) -> bool:
        """Whether nothing at all differs: codes, order, confidences, evidence, reasons, indicators and versions."""
        return self.stored == self.computed


async def recompute_run(pool: Pool, engine: Engine, chart_id: ChartId, version: int | None = None) -> Recomputation:
    """Compute a stored run again, by default that of the chart's last version that has one.

    Raises NotFound where there is none, OtherEngine where `engine` did not make it.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        chart_version = await suggestions.read_last_run(connection, chart_id) if version is None else version
        if chart_version is None:
            raise NotFound("the engine has not answered for this chart")
        run = await suggestions.read_run(connection, chart_id, chart_version)
        if run is None:
            raise NotFound("the engine has not answered for this chart version")
        _require_same(run.version, engine.version)
        proposed = await suggestions.read_suggestions(connection, chart_id, chart_version)
        ready = await charts.read_chart(connection, chart_id, chart_version)
        learned = await read_state(connection, run.version.learned)
        chart = await LoadedTables().give(
            connection, replace(read_engine_chart(ready, read_facts(ready)), learned=learned)
        )
        chart = await give_drug_codes(connection, chart)
    chart = chart if run.is_new_patient is None else replace(chart, is_new_patient=run.is_new_patient)
    stored = Suggestions(run.version, tuple(each.content for each in proposed), run.indicators)
    computed = engine.suggest(chart)
    async with pool.acquire() as connection:
        return Recomputation(stored, await confirm_services(connection, computed, ready.service_date))


def _require_same(recorded: EngineVersion, installed: EngineVersion) -> None:
    if replace(recorded, learned=installed.learned) != installed:
        raise OtherEngine("another engine, code set or lexicon made this run; install its release to compute it again")

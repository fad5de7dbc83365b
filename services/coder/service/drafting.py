"""Reads everything a chart's coding is made of, and builds the coding that it would be now.

Place in the flow: `completing` publishes the result, `previewing` only has it scrubbed. Invariant: both build the same
from the same decisions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from services.coder.automation.seeds import Seed, take_out
from services.coder.chart_facts import ChartFacts, read_facts
from services.coder.claim_final import CompletedChart, build_coded
from services.coder.coding import Coding, StoredSuggestion, list_codings, list_open_points, list_undecided
from services.coder.decisions import Decision
from services.coder.engine.model import EngineVersion
from services.coder.grouping.grouper import Grouper, Stay
from services.coder.grouping.stay import read_stay
from services.coder.line_numbers import EarlierLines, read_lines
from services.coder.store import charts, decisions, seeds, suggestions, work_items
from services.coder.store.work_items import WorkItem
from services.coder.work_item import ChartId, OpenPoint, WrongState
from shared.contracts.errors import NotFound
from shared.contracts.messages import ChartCoded, ChartReady
from shared.postgres.pool import Connection, Pool
from shared.proof.keys import SigningKey


@dataclass(frozen=True, slots=True)
class CodingDraft:
    """A chart version, what was proposed and decided about it, and what that amounts to."""

    chart: ChartReady
    facts: ChartFacts
    engine: EngineVersion
    proposed: list[StoredSuggestion]
    decided: list[Decision]
    """Without those about seeds."""
    codings: list[Coding]
    earlier_lines: EarlierLines
    planted: list[Seed]
    said: list[Decision]
    """All that was decided, about seeds too."""

    def list_open_points(self) -> list[OpenPoint]:
        """List what the chart itself still needs; empty when it can be completed."""
        return list_open_points(list_undecided(self.proposed, self.decided), self.codings, self.facts)

    def read_stay(self) -> Stay | None:
        """Read what a grouper would be asked; None where there is no inpatient stay, or no diagnosis yet."""
        return read_stay(self.chart, self.facts, [each.chosen for each in self.codings])

    def build(
        self,
        coding_version: int,
        completed_by: str,
        key: SigningKey | None,
        grouper: Grouper | None,
        status: Literal["draft", "active"] = "active",
    ) -> ChartCoded:
        """Build the coding as it would be completed now by this Practitioner; `grouper` puts a stay's MS-DRG on it."""
        stay = self.read_stay()
        completed = CompletedChart(
            chart=self.chart,
            facts=self.facts,
            codings=self.codings,
            engine=self.engine,
            coding_version=coding_version,
            completed_by=completed_by,
            completed_at=datetime.now(UTC),
            group=grouper.group(stay) if grouper and stay else None,
            status=status,
            earlier_lines=self.earlier_lines,
        )
        return build_coded(completed, key)


async def read_draft(connection: Connection, chart_id: ChartId, chart_version: int) -> CodingDraft:
    """Read a chart version with its decisions; raises WrongState before the engine has answered."""
    place = (connection, chart_id, chart_version)
    chart = await charts.read_chart(*place)
    proposed = await suggestions.read_suggestions(*place)
    planted = await seeds.read_seeds(*place)
    said = await decisions.read_decisions(*place)
    decided = take_out(said, planted)
    run = await suggestions.read_run(*place)
    if run is None:
        raise WrongState("the engine has not answered for this chart version yet; try again in a moment")
    codings = list_codings(proposed, decided)
    earlier = read_lines(await charts.list_coded_claims(connection, chart_id))
    return CodingDraft(chart, read_facts(chart), run.version, proposed, decided, codings, earlier, planted, said)


async def read_current_draft(pool: Pool, chart_id: ChartId) -> tuple[CodingDraft, WorkItem]:
    """Read the chart version that the work item stands at, in one snapshot; raises NotFound and WrongState."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        item = await work_items.find_by_chart(connection, chart_id)
        if item is None:
            raise NotFound("there is no chart with this id")
        return await read_draft(connection, chart_id, item.chart_version), item

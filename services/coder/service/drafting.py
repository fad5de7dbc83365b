"""Reads everything a chart's coding is made of, and builds the coding that it would be now.

Place in the flow: `completing` publishes the result, `previewing` only has it scrubbed. Invariant: both build the same
from the same decisions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.coder.chart_facts import ChartFacts, read_facts
from services.coder.claim_final import CompletedChart, build_coded
from services.coder.coding import Coding, StoredSuggestion, list_codings, list_open_points, list_undecided
from services.coder.decisions import Decision
from services.coder.engine.model import EngineVersion
from services.coder.store import charts, decisions, suggestions
from services.coder.work_item import ChartId, OpenPoint, WrongState
from shared.contracts.messages import ChartCoded, ChartReady
from shared.postgres.pool import Connection
from shared.proof.keys import SigningKey


@dataclass(frozen=True, slots=True)
class CodingDraft:
    """A chart version, what was proposed and decided about it, and what that amounts to."""

    chart: ChartReady
    facts: ChartFacts
    engine: EngineVersion
    proposed: list[StoredSuggestion]
    decided: list[Decision]
    codings: list[Coding]

    def list_open_points(self) -> list[OpenPoint]:
        """List what the chart itself still needs; empty when it can be completed."""
        return list_open_points(list_undecided(self.proposed, self.decided), self.codings, self.facts)

    def build(self, coding_version: int, completed_by: str, key: SigningKey | None) -> ChartCoded:
        """Build the coding as it would be completed now by this Practitioner."""
        completed = CompletedChart(
            chart=self.chart,
            facts=self.facts,
            codings=self.codings,
            engine=self.engine,
            coding_version=coding_version,
            completed_by=completed_by,
            completed_at=datetime.now(UTC),
        )
        return build_coded(completed, key)


async def read_draft(connection: Connection, chart_id: ChartId, chart_version: int) -> CodingDraft:
    """Read a chart version with its decisions; raises WrongState before the engine has answered."""
    place = (connection, chart_id, chart_version)
    chart = await charts.read_chart(*place)
    proposed = await suggestions.read_suggestions(*place)
    decided = await decisions.read_decisions(*place)
    run = await suggestions.read_run(*place)
    if run is None:
        raise WrongState("the engine has not answered for this chart version yet; try again in a moment")
    codings = list_codings(proposed, decided)
    return CodingDraft(chart, read_facts(chart), run.version, proposed, decided, codings)

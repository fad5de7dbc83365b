"""Asks and keeps the history of a patient's visits, for one chart at a time; the caller has the connection."""

from services.coder.chart_facts import ChartFacts
from services.coder.store import visits
from services.coder.visit_history import judge_history, read_visit
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartReady
from shared.postgres.pool import Connection


async def ask_history(connection: Connection, chart: ChartReady, facts: ChartFacts) -> bool | None:
    """Tell whether the patient of a chart is new to the group; None where the history does not tell."""
    visit = read_visit(chart, facts)
    if visit is None:
        return None
    earlier = await visits.list_earlier_visits(connection, ChartId(chart.chart_id), visit)
    known_since = await visits.find_first_day(connection, visit.care_group) if visit.care_group else None
    return judge_history(visit, earlier, known_since)


async def keep_visit(connection: Connection, chart: ChartReady, facts: ChartFacts) -> None:
    """Keep the visit that a chart tells of, if it tells of one."""
    visit = read_visit(chart, facts)
    if visit is not None:
        await visits.upsert_visit(connection, ChartId(chart.chart_id), visit)

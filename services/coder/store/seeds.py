"""Seeds: suggestions that no engine made, and what coders did with them."""

from uuid import uuid4

from services.coder.automation.seeds import PlannedSeed, Seed, SeedOutcome
from services.coder.store import SQL
from services.coder.store.suggestions import build_suggestion, read_evidence
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection, Executor


async def insert_seed(connection: Connection, planned: PlannedSeed) -> None:
    """Plant a seed on a chart that nobody has seen."""
    await SQL.execute(
        connection,
        "insert_seed",
        seed_id=uuid4(),
        host_id=planned.host_id,
        code=planned.code,
        display=planned.display,
        place=planned.place,
    )


async def read_seeds(connection: Connection, chart_id: ChartId, chart_version: int) -> list[Seed]:
    """Read the seeds of a chart version, settled or not."""
    rows = await SQL.fetch(connection, "read_seeds", chart_id=chart_id, chart_version=chart_version)
    if not rows:
        return []
    evidence = await read_evidence(connection, chart_id, chart_version)
    return [
        Seed(
            build_suggestion(row, evidence),
            row["host_id"],
            row["place"],
            SeedOutcome(row["outcome"]) if row["outcome"] else None,
        )
        for row in rows
    ]


async def settle_seed(connection: Executor, seed: Seed, outcome: SeedOutcome, coder: str) -> None:
    """Keep what a coder did with a seed; the first time counts."""
    await SQL.execute(connection, "settle_seed", suggestion_id=seed.suggestion_id, outcome=outcome, coder=coder)

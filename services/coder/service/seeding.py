"""What seeds do to the reading of a chart: shown while it is open, settled when it is completed, gone otherwise.

Invariant: whatever makes a claim, a draft or a lesson reads through `drafting`, which takes seeds out.
"""

from collections.abc import Sequence

from services.coder.automation.seeds import Seed, SeedOutcome, replaces_host, settle_seed, show_among
from services.coder.coding import StoredSuggestion, list_undecided
from services.coder.decisions import Decision
from services.coder.store import seeds, suggestions
from services.coder.work_item import ChartId, OpenPoint
from shared.postgres.pool import Connection

SEED_TAKEN = "seeded-suggestion"
"""The open point of who dropped a true suggestion for a seed: it is taken out, and the true one needs a decision."""


async def read_shown(connection: Connection, chart_id: ChartId, chart_version: int) -> list[StoredSuggestion]:
    """Read the suggestions as the chart's coder sees them."""
    proposed = await suggestions.read_suggestions(connection, chart_id, chart_version)
    return show_among(proposed, await seeds.read_seeds(connection, chart_id, chart_version))


def list_seed_points(planted: Sequence[Seed], decided: Sequence[Decision]) -> list[OpenPoint]:
    """List what unsettled seeds leave open: one without a decision like any suggestion, or one in its host's place."""
    unsettled = [seed for seed in planted if seed.outcome is None]
    undecided = list_undecided([seed.suggestion for seed in unsettled], decided)
    points = [
        OpenPoint(
            "undecided-suggestion",
            "this suggestion waits for a decision: accept, change or reject it",
            f"suggestions.where(suggestion_id = '{suggestion_id}')",
        )
        for suggestion_id in undecided
    ]
    points += [
        OpenPoint(
            SEED_TAKEN,
            "a suggestion that you accepted was wrong on purpose, and is taken out; decide again about the suggestion "
            "that it stood beside, or add the code that the record supports",
            f"suggestions.where(suggestion_id = '{seed.host_id}')",
        )
        for seed in unsettled
        if replaces_host(seed, decided)
    ]
    return points


async def settle_seeds(
    connection: Connection, planted: Sequence[Seed], decided: Sequence[Decision], coder: str
) -> list[tuple[Seed, SeedOutcome]]:
    """Settle the seeds of a chart that is being completed; returns what its coder is told."""
    told = []
    for seed in planted:
        outcome = seed.outcome or settle_seed(seed, decided)
        await seeds.settle_seed(connection, seed, outcome, coder)
        told.append((seed, outcome))
    return told

"""Prints status, changes and impact for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from services.codesets.impact_of import Impact, Touched
from services.codesets.status import KindStatus
from shared.codesets.changes import Changes

_MOST = 50
"""Lines of each list that a person is shown; --json has them all."""


def print_status(rows: Sequence[KindStatus]) -> None:
    """A line a kind: its latest release, or what its absence costs."""
    table = Table("kind", "loaded", "codes", "while it is missing")
    for row in rows:
        latest = row.releases[-1] if row.releases else None
        loaded = f"{latest.release} from {latest.effective}" if latest else "packaged" if row.packaged else "missing"
        table.add_row(row.kind, loaded, str(latest.counts["codes"]) if latest else "", row.lacking or "")
    Console().print(table)


def print_changes(changes: Changes) -> None:
    """Counts, and the first lines of each list."""
    console = Console()
    console.print(f"{len(changes.added)} added, {len(changes.deleted)} deleted, {len(changes.revised)} revised.")
    lines = [
        *(f"added    {code}  {title}" for code, title in changes.added[:_MOST]),
        *(f"deleted  {code}  {title}" for code, title in changes.deleted[:_MOST]),
        *(f"revised  {each.code}  {each.before} > {each.after}" for each in changes.revised[:_MOST]),
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False)


def print_impact(impact: Impact) -> None:
    """The changes' counts, and what they touch."""
    changes = impact.changes
    console = Console()
    console.print(f"{len(changes.added)} added, {len(changes.deleted)} deleted, {len(changes.revised)} revised.")
    lists: dict[str, tuple[Touched, ...]] = {
        "open work items": impact.work_items,
        "recent claims": impact.claims,
        "payer rules": impact.payer_rules,
        "lexicon entries": impact.lexicon,
    }
    for title, touched in lists.items():
        console.print(f"{len(touched)} {title}")
        for each in touched[:_MOST]:
            console.print(f"  {each.id}  {each.state}  {', '.join(each.codes)}", highlight=False, markup=False)

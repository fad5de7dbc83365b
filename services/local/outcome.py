"""What a demo came to: the numbers, and everything that is unaccounted for.

Invariant: `unaccounted` is empty only when every event sent has an outcome, every chart a decision, every claim an
answer and the ledger balances.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from services.ledger import Ledger

JSON_NAMES = (
    "events_in",
    "charts",
    "suggestions",
    "decisions",
    "claims_delivered",
    "claims_accepted",
    "claims_paid",
    "claims_denied",
    "claims_replaced",
    "denials",
    "quarantined",
)
UNFINISHED = frozenset({"suggesting", "open", "leased", "failed"})
"""States of a work item that still needs the engine or a person."""
_LABELS: Mapping[str, str] = {
    "events_in": "FHIR events in",
    "charts": "charts",
    "suggestions": "suggestions",
    "decisions": "decisions by coders",
    "claims_delivered": "claims delivered",
    "claims_answered": "claims answered",
    "claims_accepted": "  accepted",
    "claims_paid": "    of these paid",
    "claims_denied": "  denied",
    "claims_replaced": "claims replaced by corrected ones",
    "denials": "denials and rejections, each with a next step",
    "quarantined": "quarantined records",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the demo sent, on top of what was there before."""

    events: int
    charts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ledger at the end, against what was expected."""

    ledger: Ledger
    expected: Expected

    @property
    def unaccounted(self) -> tuple[str, ...]:
        """One line for each thing that is missing, not finished or not balanced."""
        totals = self.ledger.totals
        wanted = {
            "events have an outcome": (totals["events_in"], self.expected.events),
            "charts are there": (totals["charts"], self.expected.charts),
            "claims are answered": (totals["claims_answered"], totals["charts"]),
        }
        lines = [f"{count} of {goal} {text}" for text, (count, goal) in wanted.items() if count < goal]
        lines += [f"{count} charts are {state}" for state, count in self.unfinished.items()]
        lines += [f"{count} denials wait for a step" for count in [totals["denials_open"]] if count]
        return (*lines, *self.ledger.in_flight, *self.ledger.findings)

    @property
    def unfinished(self) -> dict[str, int]:
        """How many charts still need the engine or a person, by state."""
        return {state: count for state, count in self.ledger.work_items.items() if state in UNFINISHED and count}

    @property
    def complete(self) -> bool:
        """True when nothing is unaccounted for."""
        return not self.unaccounted

    def as_json(self) -> dict[str, int | bool]:
        """The object that `--json` prints."""
        return {name: self.ledger.totals[name] for name in JSON_NAMES} | {"ledger_balanced": self.ledger.balanced}

    def as_table(self) -> Table:
        """The table that ends a demo."""
        table = Table(title="One simulated hospital day", show_header=False, title_justify="left")
        table.add_column(justify="left")
        table.add_column(justify="right")
        for name, label in _LABELS.items():
            table.add_row(label, str(self.ledger.totals[name]))
        table.add_section()
        table.add_row("what is left", "nothing" if self.complete else "\n".join(self.unaccounted))
        table.add_row("ledger", "[green]balanced[/]" if self.ledger.balanced else "[bold red]does not balance[/]")
        return table

"""The `chartline` command: starts services, and does everything that an engineer does around them.

Invariant: a command's code is imported when it runs, so that `chartline --help` answers at once. That is why a command
is a row here, and its options are with its function.
"""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

import typer


class Command(NamedTuple):
    """Where a command is, and the line that the list of commands shows of it."""

    function: str
    summary: str


COMMANDS = {
    "demo": Command("services.local.command:demo", "One simulated hospital day, from FHIR events to answered claims."),
    "replay": Command("services.simulators.command:replay", "Send a folder of FHIR to Kafka as an engine would."),
    "run": Command("services.local.serve:run", "Run one service: ingest, coder or claims."),
    "migrate": Command("services.local.prepare:migrate", "Bring the tables of every service up to date."),
    "topics": Command("services.local.prepare:topics", "Create the Kafka topics that are missing."),
    "ledger": Command("services.ledger.command:show_ledger", "Prove that nothing was lost and nothing done twice."),
    "verify": Command("services.proof.command:verify", "Check a sealed Bundle offline: signatures and words."),
    "keys": Command("services.proof.command:keys", "Make the keys that sign claims, and show their public halves."),
    "audit": Command("services.audit.command:app", "Check the audit log's chain; print its head; export it."),
    "backtest": Command("services.claims.backtest_command:backtest", "Try payer rules on past claims; change nothing."),
    "simulate": Command("services.simulators.command:simulate", "Run a simulated peer: payer, issuer."),
    "codesets": Command("services.codesets.command:app", "Load official code sets; status, diff and impact of them."),
    "suggest": Command("services.coder.commands:suggest", "Suggest codes for notes, as JSON lines."),
    "assert": Command("services.coder.commands:assert_spans", "Say what notes claim about spans of them."),
    "recompute": Command("services.coder.recompute_command:recompute", "Compute a stored engine run of a chart again."),
    "evaluate": Command("services.coder.commands:evaluate_gold", "Measure the engine against known codes."),
}
_PASS_ALL = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="FHIR events in, coded claims out."
)


def _forward(name: str, command: Command) -> Callable[[typer.Context], None]:
    def forward(context: typer.Context) -> None:
        module, function = command.function.split(":")
        one = getattr(import_module(module), function)
        if not isinstance(one, typer.Typer):
            one = _wrap(one)
        one(args=context.args, prog_name=f"chartline {name}")

    return forward


def _wrap(function: Callable[..., None]) -> typer.Typer:
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    one.command()(function)
    return one


for _name, _command in COMMANDS.items():
    app.command(_name, help=_command.summary, add_help_option=False, context_settings=_PASS_ALL)(
        _forward(_name, _command)
    )


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()

"""`chartline verify` and `chartline keys`: check a sealed Bundle offline, and make the keys that seal one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from shared.contracts.errors import ChartlineError
from shared.proof.keys import generate_signing_key, read_key_set, read_signing_key, to_key_set, write_signing_key
from shared.proof.verification import Tampering, count_codings, verify_bundle

keys = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def verify(
    bundle: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A Bundle as it was sent, JSON.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The sender's public keys, a JWK Set.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every signature, hash and cited word of a Bundle; exits 1 when one does not hold."""
    try:
        known = read_key_set(key.read_text(encoding="utf-8"))
        content = json.loads(bundle.read_bytes())
        findings = verify_bundle(content, known)
    except (ChartlineError, ValueError, RecursionError) as error:
        reason = error.message if isinstance(error, ChartlineError) else "the file is no JSON"
        raise typer.BadParameter(reason) from None
    if as_json:
        typer.echo(json.dumps({"holds": not findings, "findings": [asdict(finding) for finding in findings]}))
    else:
        _print_findings(findings, 0 if findings else count_codings(content))
    raise typer.Exit(code=1 if findings else 0)


def _print_findings(findings: list[Tampering], codings: int) -> None:
    for finding in findings:
        typer.echo(f"{finding.expression}: {finding.message} ({finding.rule})")
    if not findings:
        typer.echo(f"Everything holds: the seal, and {codings} codes with their decisions and words.")


@keys.command("new")
def make_key(path: Annotated[Path, typer.Argument(help="Where the private key goes; it must not exist yet.")]) -> None:
    """Make a key for CHARTLINE_PROOF__SIGNING_KEY_FILE, and print its public half as a JWK Set."""
    key = generate_signing_key()
    try:
        write_signing_key(key, path)
    except ChartlineError as error:
        raise typer.BadParameter(error.message) from None
    typer.echo(to_key_set(key))


@keys.command("public")
def show_keys(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Private keys, old and new.")],
) -> None:
    """Print the public halves of keys as one JWK Set, for payers and auditors."""
    try:
        typer.echo(to_key_set(*map(read_signing_key, paths)))
    except ChartlineError as error:
        raise typer.BadParameter(error.message) from None

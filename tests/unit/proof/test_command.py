"""`chartline verify` and `chartline keys`, as an auditor uses them."""

import json
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from services.proof.command import keys, verify
from shared.proof.keys import generate_signing_key, read_signing_key, to_key_set
from tests.builders.charts import ready_chart
from tests.builders.claims import accepted, sealed_bundle

APP = Typer()
APP.command()(verify)
KEY = generate_signing_key()


def _files(folder: Path, bundle: bytes) -> list[str]:
    (folder / "bundle.json").write_bytes(bundle)
    (folder / "keys.json").write_text(to_key_set(KEY))
    return [str(folder / "bundle.json"), "--key", str(folder / "keys.json")]


def test_a_bundle_that_holds(tmp_path: Path) -> None:
    shown = CliRunner().invoke(APP, _files(tmp_path, sealed_bundle(ready_chart(), [accepted()], KEY)))
    assert (shown.exit_code, shown.output) == (
        0,
        "Everything holds: the seal, and 1 codes with their decisions and words.\n",
    )


def test_a_bundle_that_was_touched(tmp_path: Path) -> None:
    touched = sealed_bundle(ready_chart(), [accepted()], KEY).replace(b'"J18.9"', b'"J15.9"', 1)
    shown = CliRunner().invoke(APP, [*_files(tmp_path, touched), "--json"])
    assert shown.exit_code == 1
    findings = json.loads(shown.output)["findings"]
    assert {finding["rule"] for finding in findings} == {"entry-changed", "coding-changed"}


def test_what_is_no_json_is_an_error_of_use(tmp_path: Path) -> None:
    shown = CliRunner().invoke(APP, _files(tmp_path, b"no json"))
    assert shown.exit_code == 2
    assert "no JSON" in shown.output


def test_keys_are_made_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made = CliRunner().invoke(keys, ["new", str(path)])
    assert made.exit_code == 0
    assert read_signing_key(path).key_id in made.output
    assert CliRunner().invoke(keys, ["public", str(path)]).output == made.output
    assert CliRunner().invoke(keys, ["new", str(path)]).exit_code == 2

"""The import contracts hold, and each is one that can be broken: a planted import is caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code that a test may spoil."""
    for name in ("services", "shared"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.tsv", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter on the code in `folder`."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("services/claims/build.py", "import services.coder.coding", "Services never import each other"),
        ("shared/kafka/record.py", "import services.ingest.versions", "shared imports no service"),
        ("services/ingest/store.py", "import services.ingest.consumer", "A service reads top-down"),
        ("services/coder/engine/sections.py", "import asyncpg", "The engine and the edits do no I/O"),
    ],
)
def test_a_planted_import_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    with (copy / file).open("a") as spoiled:
        spoiled.write(f"\n{line}\n")
    found = lint_imports(copy)
    assert found.returncode == 1
    assert f"{contract}" in found.stdout
    assert "BROKEN" in found.stdout


def test_the_code_as_it_is_keeps_every_contract(copy: Path) -> None:
    found = lint_imports(copy)
    assert found.returncode == 0, found.stdout

import subprocess
import sys
from importlib import import_module

import pytest

from services.cli import COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_where_the_table_says(name: str) -> None:
    module, function = COMMANDS[name].function.split(":")

    assert callable(getattr(import_module(module), function))


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = "import sys, services.cli; print(sorted({'asyncpg', 'aiokafka', 'fastapi', 'pydantic'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_options_and_help_reach_the_command() -> None:
    shown = run_cli("demo", "--help")

    assert shown.returncode == 0
    assert "--charts" in shown.stdout


def test_a_wrong_option_is_refused() -> None:
    assert run_cli("demo", "--no-such-option").returncode == 2

"""The files of deploy/ name settings and commands that exist."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes with uvicorn and has no types of its own

from services.claims.settings import ClaimsSettings
from services.cli import COMMANDS
from services.local.kafka import KAFKA_VERSION
from shared.web.security import hash_token

DEPLOY = Path(__file__).parents[3] / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def test_the_services_read_their_environment(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in compose["services"]["claims"]["environment"].items():
        monkeypatch.setenv(name, value)
    settings = ClaimsSettings()

    assert settings.claims.default_payer in settings.claims.payers
    assert settings.web.tokens[hash_token("local-coder")].practitioner == "Practitioner/local-coder"


def test_every_command_exists(compose: dict[str, Any]) -> None:
    services = compose["services"].values()

    assert {service["command"][0] for service in services if "command" in service} <= set(COMMANDS)


def test_kafka_is_the_one_that_tests_run_on(compose: dict[str, Any]) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"

"""Settings: typos stop the start, secrets stay hidden."""

import pytest
from pydantic import ValidationError

from shared.settings import ServiceSettings


def test_a_nested_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_KAFKA__BOOTSTRAP_SERVERS", "broker:9092")
    assert ServiceSettings().kafka.bootstrap_servers == "broker:9092"


@pytest.mark.parametrize("name", ["CHARTLINE_KAFKA__BOOTSTRAP_SERVER", "CHARTLINE_KAFAK__BOOTSTRAP_SERVERS"])
def test_a_typo_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "broker:9092")
    with pytest.raises(ValidationError):
        ServiceSettings()


def test_a_secret_does_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", "postgresql://u:hunter2@h/db")
    assert "hunter2" not in repr(ServiceSettings())

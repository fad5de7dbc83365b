import subprocess
from pathlib import Path

import pytest

from services.local import broker
from services.local.broker import BOOTSTRAP_VARIABLE, BrokerKind, choose_broker, open_broker
from services.local.errors import LocalStackError
from services.local.java import find_java


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with neither Java nor the in-memory broker, and no Kafka in its environment."""
    monkeypatch.delenv(BOOTSTRAP_VARIABLE, raising=False)
    monkeypatch.setattr(broker, "is_apache_kafka_available", lambda: False)
    monkeypatch.setattr(broker, "find_ephemeral", lambda: None)
    return monkeypatch


def test_the_best_broker_of_the_machine_is_chosen(machine: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalStackError, match="install Java 17"):
        choose_broker()
    machine.setattr(broker, "find_ephemeral", lambda: Path("/bin/tansu"))
    assert choose_broker() is BrokerKind.EPHEMERAL
    machine.setattr(broker, "is_apache_kafka_available", lambda: True)
    assert choose_broker() is BrokerKind.APACHE
    machine.setenv(BOOTSTRAP_VARIABLE, "kafka:9092")
    assert choose_broker() is BrokerKind.EXTERNAL
    assert choose_broker(BrokerKind.EPHEMERAL) is BrokerKind.EPHEMERAL


async def test_a_broker_of_the_user_s_own_is_left_to_the_environment(
    machine: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with open_broker(BrokerKind.EXTERNAL, tmp_path, logs=tmp_path) as found:
        assert dict(found.client_settings) == {}


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', "17.0.15"),
        ('java version "21" 2023-09-19', "21"),
        ('openjdk version "11.0.2" 2019-01-15', None),
        ('java version "1.8.0_452"', None),
        ("no java here", None),
    ],
)
def test_java_must_be_17_or_later(answer: str, version: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    completed = subprocess.CompletedProcess([], 0, stdout="", stderr=answer)
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/bin/java")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: completed)
    found = find_java.__wrapped__()

    assert (found.version if found else None) == version

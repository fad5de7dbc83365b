import pytest

from services.local.environment import Rooms, read_settings, to_environment


def test_settings_become_variables_that_are_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms: Rooms = {
        "postgres": {"dsn": "postgresql://u:p@127.0.0.1:1/d"},
        "kafka": {"bootstrap_servers": "127.0.0.1:2", "enable_idempotence": False, "producer_batch_bytes": 1},
        "web": {"port": 8080, "tokens": {"ab": {"subject": "s", "practitioner": "Practitioner/s"}}},
    }
    variables = to_environment(rooms)
    assert variables["CHARTLINE_KAFKA__ENABLE_IDEMPOTENCE"] == "false"
    assert variables["CHARTLINE_WEB__PORT"] == "8080"
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert read_settings({}) == read_settings(rooms)
    assert read_settings({}).web.tokens["ab"].subject == "s"


def test_what_is_given_comes_before_the_environment_which_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_KAFKA__BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("CHARTLINE_KAFKA__GROUP_PREFIX", "mine")

    kafka = read_settings({"kafka": {"bootstrap_servers": "127.0.0.1:2"}}).kafka

    assert (kafka.bootstrap_servers, kafka.group_prefix) == ("127.0.0.1:2", "mine")

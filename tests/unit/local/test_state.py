from pathlib import Path

import pytest

from services.local.errors import LocalStackError
from services.local.remembered import recall, recall_or, remember
from services.local.state import hold_state


def test_a_state_folder_serves_one_stack_at_a_time(tmp_path: Path) -> None:
    with hold_state(tmp_path / "state"), pytest.raises(LocalStackError, match="in use by process"):
        hold_state(tmp_path / "state").__enter__()
    with hold_state(tmp_path / "state") as state:
        assert state.logs.is_dir()


def test_forgetting_kafka_keeps_its_cluster_id(tmp_path: Path) -> None:
    with hold_state(tmp_path) as state:
        remember(state.kafka / "cluster-id", "abc")
        remember(state.kafka / "data" / "meta.properties", "")
        state.forget_kafka()

        assert recall(state.kafka / "cluster-id") == "abc"
        assert not (state.kafka / "data").exists()


def test_what_is_remembered_is_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "password"

    assert recall(path) is None
    assert recall_or(path, lambda: "first") == "first"
    assert recall_or(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600

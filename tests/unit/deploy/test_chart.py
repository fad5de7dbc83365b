"""The Helm chart's values against the settings, and its templates against its values and the image.

Nothing here renders a template: they hold little more than names, and the names are what is checked.
"""

import re
from typing import Any

import pytest

from services.cli import COMMANDS
from shared.contracts.topics import TOPICS
from tests.unit.deploy.reading import CHART, DEPLOY, SETTINGS, read_yaml

VALUES: dict[str, Any] = read_yaml(CHART / "values.yaml")
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()}
ALL = "\n".join(TEMPLATES.values())
IMAGE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_reads_its_values(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**VALUES["environment"], **VALUES["services"][name]["environment"]}
    for variable, value in environment.items():
        assert isinstance(value, str), f"{variable} must be a string, as ConfigMaps want it"
        monkeypatch.setenv(variable, value)
    settings = SETTINGS[name]()
    assert settings.web.oidc is not None
    assert settings.web.host == "0.0.0.0"  # noqa: S104 - inside a pod
    ports = set(re.findall(r"(?:containerPort|port): (\d+)", ALL))
    assert ports == {str(settings.web.port)}
    given = VALUES["terminationGracePeriodSeconds"]
    assert given >= VALUES["preStopSeconds"] + settings.web.drain_seconds + 2
    assert str(settings.proof.signing_key_file).rpartition("/")[0] in ALL


def test_no_value_is_a_secret() -> None:
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    given = "\n".join(line.partition("#")[0] for line in text.splitlines())
    assert not re.search(r"DSN|TOKEN\b|TOKENS|PASSWORD|CLIENT_SECRET|bearer_token|\"client_secret\"", given)


def test_the_services_are_ours_and_no_more_than_partitions() -> None:
    assert set(VALUES["services"]) == set(SETTINGS)
    for service in VALUES["services"].values():
        assert service["replicas"] <= min(spec.partitions for spec in TOPICS)
        assert "memory" in service["resources"]["limits"]


def test_every_value_that_a_template_asks_for_exists() -> None:
    asked = set(re.findall(r"\.Values\.([A-Za-z.]+)", ALL))
    assert asked
    for path in asked:
        found: Any = VALUES
        for part in path.split("."):
            assert part in found, path
            found = found[part]


def test_every_part_that_is_included_is_defined() -> None:
    assert set(re.findall(r'include "([\w.]+)"', ALL)) == set(re.findall(r'define "([\w.]+)"', ALL))
    assert all(text.count("{{") == text.count("}}") for text in TEMPLATES.values())


def test_every_command_exists() -> None:
    commands = set(re.findall(r'"command" "(\w+)"', ALL)) | set(re.findall(r"args: \[(\w+),", ALL))
    assert {"migrate", "topics", "ledger", "run"} == commands
    assert commands <= set(COMMANDS)


def test_pods_are_those_of_the_image() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", IMAGE, flags=re.MULTILINE)
    assert user is not None
    assert f"runAsUser: {user[1]}" in ALL
    assert f"fsGroup: {user[2]}" in ALL
    for folder in re.findall(r"mountPath: (/(?:var|srv)\S+?)[,}]", ALL):
        assert folder in IMAGE, folder
    assert "path: /healthz" in ALL
    assert "path: /readyz" in ALL

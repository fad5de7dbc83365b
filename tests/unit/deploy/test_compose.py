"""The Dockerfile and the compose files: variables, commands, ports, paths and secrets that exist and agree."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.claims.settings import ClaimsSettings
from services.cli import COMMANDS
from services.coder.settings import CoderSettings
from services.local.kafka import KAFKA_VERSION
from shared.settings import PREFIX, ServiceSettings
from shared.web.security import Role, hash_token
from tests.unit.deploy.reading import DEPLOY, SETTINGS, find_variables, is_setting, read_yaml

REQUIRED = {
    "CHARTLINE_WEB__OIDC__ISSUER": "https://identity.example",
    "CHARTLINE_WEB__OIDC__AUDIENCE": "chartline",
    "CHARTLINE_WEB__OIDC__CLIENT_ID": "workbench",
}
IMAGE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".pyc")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return read_yaml(DEPLOY / "compose.yaml")


@pytest.fixture(scope="module")
def payers() -> dict[str, Any]:
    return read_yaml(DEPLOY / "compose.payers.yaml")


def read_service(compose: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
    """The settings of a service as compose hands them over: interpolated, and without what the shell does not have."""
    for variable, value in compose["services"][name]["environment"].items():
        if value is not None:
            asked = re.fullmatch(r"\$\{(\w+):\?.*\}", value)
            monkeypatch.setenv(variable, REQUIRED[asked[1]] if asked else value)
    return SETTINGS[name]()


def ours(compose: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, service) for name, service in compose["services"].items() if service["image"] == "chartline")


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(DEPLOY)) for path in FILES])
def test_every_variable_is_a_setting(path: Any) -> None:
    unknown = {name for name in find_variables(path.read_text(encoding="utf-8")) if not is_setting(name)}
    assert not unknown


def test_a_misspelt_variable_is_none() -> None:
    assert is_setting("CHARTLINE_CODER__SCRUB__URL")
    assert is_setting("CHARTLINE_WEB__OIDC__CLIENT_ID")
    assert not is_setting("CHARTLINE_CODER__SCRUBS__URL")
    assert not is_setting("CHARTLINE_WEB__OIDC__CLIENT")
    assert not is_setting("CHARTLINE_WEB__PORT__NUMBER")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_reads_its_environment(compose: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_service(compose, name, monkeypatch)
    assert settings.web.oidc is not None
    assert (settings.web.host, settings.web.port) == ("0.0.0.0", 8080)  # noqa: S104 - inside a container


def test_the_coder_may_ask_claims_and_nobody_else_has_a_token(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = read_service(compose, "claims", monkeypatch)
    coder = read_service(compose, "coder", monkeypatch)
    assert isinstance(coder, CoderSettings)
    scrub = coder.coder.scrub
    assert scrub.url is not None
    assert scrub.url.host in compose["services"]
    assert scrub.url.port == claims.web.port
    assert list(claims.web.tokens) == [hash_token(scrub.token.get_secret_value())]
    assert {role for each in claims.web.tokens.values() for role in each.roles} == {Role.INTEGRATION}


def test_the_simulated_payer_listens_where_claims_go(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_service(compose, "claims", monkeypatch)
    assert isinstance(settings, ClaimsSettings)
    payer = compose["services"]["payer"]["command"]
    addresses = {(each.endpoint.host, each.endpoint.port) for each in settings.claims.payers.values() if each.endpoint}
    assert addresses == {("payer", int(payer[payer.index("--port") + 1]))}


def test_ones_own_payers_find_their_secrets_and_folders(
    compose: dict[str, Any], payers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_service(compose, "claims", monkeypatch)
    claims = payers["services"]["claims"]
    for variable, value in claims["environment"].items():
        monkeypatch.setenv(variable, value)
    profiles = ClaimsSettings().claims.payers
    mounted = {volume.split(":")[1] for volume in claims["volumes"]}
    folders = {
        str(folder) for each in profiles.values() if each.x12 for folder in (each.x12.outbound, each.x12.inbound)
    }
    secrets = {
        str(each.oauth2.private_key_file) for each in profiles.values() if each.oauth2 and each.oauth2.private_key_file
    }
    assert folders == mounted
    assert secrets
    assert secrets <= {f"/run/secrets/{name}" for name in claims["secrets"]}
    assert set(claims["secrets"]) <= set(payers["secrets"]) | set(compose["secrets"])
    assert {volume.split(":")[0] for volume in claims["volumes"]} <= set(payers["volumes"])


def test_every_command_exists(compose: dict[str, Any]) -> None:
    for name, service in ours(compose):
        assert service["command"][0] in COMMANDS, name
        if service["command"][0] == "run":
            assert service["command"][1] == name
            assert name in SETTINGS


def test_tables_and_topics_come_before_the_services(compose: dict[str, Any]) -> None:
    jobs = {name for name, service in ours(compose) if service["command"][0] in {"migrate", "topics"}}
    assert {compose["services"][name]["command"][0] for name in jobs} == {"migrate", "topics"}
    for name in SETTINGS:
        before = compose["services"][name]["depends_on"]
        assert {job for job in before if before[job]["condition"] == "service_completed_successfully"} == jobs


def test_containers_have_no_rights_and_limits(compose: dict[str, Any]) -> None:
    user = re.search(r"^USER (\S+)$", IMAGE, flags=re.MULTILINE)
    assert user is not None
    for _, service in ours(compose):
        assert service["read_only"] is True
        assert service["user"] == user[1]
        assert not service["user"].startswith("0")
        assert service["cap_drop"] == ["ALL"]
        assert "/tmp" in service["tmpfs"]
    for name in SETTINGS:
        assert set(compose["services"][name]["deploy"]["resources"]["limits"]) == {"cpus", "memory"}


def test_what_is_written_to_is_mounted_where_the_image_says(compose: dict[str, Any], payers: dict[str, Any]) -> None:
    made = set(re.findall(r"/var/cache/\w+|/srv/edi/\w+", IMAGE))
    cache = re.search(r"CHARTLINE_CACHE_DIR=(\S+)", IMAGE)
    assert cache is not None
    for name in SETTINGS:
        assert cache[1] in {volume.split(":")[1] for volume in compose["services"][name]["volumes"]}
    assert {volume.split(":")[1] for volume in payers["services"]["claims"]["volumes"]} <= made


def test_a_service_is_asked_for_its_health_and_given_time_to_stop(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SETTINGS:
        service = compose["services"][name]
        settings = read_service(compose, name, monkeypatch)
        assert f"http://127.0.0.1:{settings.web.port}/readyz" in service["healthcheck"]["test"][-1]
        assert int(service["stop_grace_period"].removesuffix("s")) >= settings.web.drain_seconds + 2


def test_what_is_named_is_declared(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert volumes <= set(compose["volumes"]), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
    for name in SETTINGS:
        environment = compose["services"][name]["environment"]
        assert (
            environment[f"{PREFIX}PROOF__SIGNING_KEY_FILE"] == f"/run/secrets/{compose['services'][name]['secrets'][0]}"
        )


def test_the_image_copies_what_exists() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", IMAGE, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (DEPLOY.parent / source).exists(), source
    assert json.loads(re.findall(r"^ENTRYPOINT (.+)$", IMAGE, flags=re.MULTILINE)[0]) == ["chartline"]


def test_kafka_is_the_one_that_tests_run_on(compose: dict[str, Any]) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"

"""Reads deploy/: its variables as the settings read them, its metrics as Prometheus finds them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml  # type: ignore[import-untyped]  # it comes with uvicorn and has no types of its own
from prometheus_client import REGISTRY
from pydantic import BaseModel

import services.claims.app
import services.coder.app
import services.ingest.app
import services.ledger.command  # noqa: F401 - importing them is what makes their metrics known
from services.claims.settings import ClaimsSettings
from services.coder.settings import CoderSettings
from services.ingest.settings import IngestSettings
from shared.settings import PREFIX, ServiceSettings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "chartline"
SETTINGS: dict[str, type[ServiceSettings]] = {
    "ingest": IngestSettings,
    "coder": CoderSettings,
    "claims": ClaimsSettings,
}
OUTSIDE = frozenset({"up", "kube_job_failed"})
"""Metrics of Prometheus itself and of kube-state-metrics."""
_WORD = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b")
_METRIC = re.compile(r"\b(chartline_\w+|up|kube_\w+)(?:\{([^}]*)\})?")


def read_yaml(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def find_variables(text: str) -> set[str]:
    """Every setting that a text names, in code or comment; a room alone (`CHARTLINE_WEB__OIDC`) is a setting too."""
    return set(_WORD.findall(text))


def is_setting(name: str) -> bool:
    """Whether some service reads this variable."""
    path = [part.lower() for part in name.removeprefix(PREFIX).split("__")]
    return path == ["cache_dir"] or any(_leads_somewhere(model, path) for model in SETTINGS.values())


def _leads_somewhere(model: type[BaseModel], path: list[str]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None:
        return False
    return len(path) == 1 or any(_leads_somewhere(inner, path[1:]) for inner in _inner_models(field.annotation))


def _inner_models(annotation: object) -> Iterator[type[BaseModel]]:
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, BaseModel):
            yield each


def list_metrics() -> dict[str, frozenset[str]]:
    """The metrics of the services' code, as Prometheus calls them, with their labels."""
    found: dict[str, frozenset[str]] = {}
    for collector in set(REGISTRY._collector_to_names):
        labels = frozenset(getattr(collector, "_labelnames", ()))
        found |= dict.fromkeys(REGISTRY._collector_to_names[collector], labels)
    return {name: labels for name, labels in found.items() if name.startswith("chartline_")}


def find_metrics(expression: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The metrics of a PromQL expression, with the labels that it asks of each."""
    for name, matchers in _METRIC.findall(expression):
        yield name, frozenset(re.findall(r"(\w+)\s*[=!]", matchers))


def list_anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings: Iterable[str] = re.findall(r"^#+ (.+)$", markdown, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

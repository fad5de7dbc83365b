"""Topics, alerts and dashboards: every name in them is one that the code has."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.cli import COMMANDS
from shared.contracts.topics import TOPICS
from tests.unit.deploy.reading import (
    DEPLOY,
    OUTSIDE,
    ROOT,
    find_metrics,
    find_variables,
    is_setting,
    list_anchors,
    list_metrics,
    read_yaml,
)

DASHBOARDS = sorted((DEPLOY / "dashboards").glob("*.json"))
METRICS = list_metrics()
ALERTS = [rule for group in read_yaml(DEPLOY / "alerts.yaml")["groups"] for rule in group["rules"]]
_GROUPING = re.compile(r"\bby \(([^)]*)\)")


def read_panels() -> Iterator[dict[str, Any]]:
    for path in DASHBOARDS:
        yield from json.loads(path.read_text(encoding="utf-8"))["panels"]


def list_expressions() -> list[str]:
    panels = [target["expr"] for panel in read_panels() for target in panel["targets"]]
    return [*(alert["expr"] for alert in ALERTS), *panels]


def test_the_topics_are_those_of_the_contract() -> None:
    wanted = [
        {"name": str(spec.name), "partitions": spec.partitions, "config": {"max.message.bytes": spec.max_message_bytes}}
        for spec in TOPICS
    ]
    assert read_yaml(DEPLOY / "topics.yaml")["topics"] == wanted


@pytest.mark.parametrize("expression", list_expressions())
def test_every_metric_and_label_exists(expression: str) -> None:
    named = list(find_metrics(expression))
    assert named
    known: set[str] = {"le"}
    for name, labels in named:
        if name not in OUTSIDE:
            assert name in METRICS
            assert labels <= METRICS[name]
            known |= METRICS[name]
    for grouping in _GROUPING.findall(expression):
        assert {label.strip() for label in grouping.split(",")} <= known


def test_an_unknown_metric_and_label_would_be_seen() -> None:
    found = list(find_metrics('sum(rate(chartline_nothing_total{topic!="x"}[5m])) > up'))
    assert found == [("chartline_nothing_total", frozenset({"topic"})), ("up", frozenset())]
    assert "chartline_nothing_total" not in METRICS
    assert METRICS["chartline_consumed_records_total"] == {"group", "topic"}


def test_texts_of_alerts_use_labels_that_their_expression_keeps() -> None:
    for alert in ALERTS:
        used = set(re.findall(r"\$labels\.(\w+)", alert["annotations"]["summary"]))
        kept = {each.strip() for grouping in _GROUPING.findall(alert["expr"]) for each in grouping.split(",")}
        kept = kept or {label for name, _ in find_metrics(alert["expr"]) for label in METRICS.get(name, ())}
        assert used <= kept | {"instance"}, alert["alert"]


def test_every_alert_leads_to_a_section_of_the_runbook() -> None:
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)
    for alert in ALERTS:
        page, anchor = alert["annotations"]["runbook_url"].split("#")
        assert page == "docs/runbook.md"
        assert anchor in list_anchors((ROOT / page).read_text(encoding="utf-8")), alert["alert"]
        assert alert["labels"]["severity"] in {"page", "ticket"}


def test_the_runbook_names_metrics_settings_and_commands_that_exist() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    metrics = {name for name, _ in find_metrics(text) if name.startswith("chartline_")}
    assert metrics
    assert metrics <= set(METRICS)
    assert {name for name in find_variables(text) if not is_setting(name)} == set()
    assert set(re.findall(r"`chartline (\w+)", text)) <= set(COMMANDS)


def test_every_metric_is_looked_at_somewhere() -> None:
    named = {name for expression in list_expressions() for name, _ in find_metrics(expression)}
    watched = {name.removesuffix("_bucket") for name in named}
    exposed = {name for name in METRICS if not name.endswith(("_created", "_bucket", "_sum", "_count"))}
    counters = {name for name in exposed if f"{name}_total" in exposed}
    assert exposed - counters - watched == set()


def test_panels_of_a_board_do_not_overlap() -> None:
    for path in DASHBOARDS:
        board = json.loads(path.read_text(encoding="utf-8"))
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert len({panel["id"] for panel in board["panels"]}) == len(places)

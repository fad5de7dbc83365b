"""What the ledger leaves for node_exporter: the breaches and the time of reading, and nothing of the process."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from services.ledger.command import write_metrics


def test_the_textfile_has_what_the_alerts_read(tmp_path: Path) -> None:
    write_metrics(tmp_path / "chartline.prom", 3)
    found = {
        family.name: family.samples[0].value
        for family in text_string_to_metric_families((tmp_path / "chartline.prom").read_text(encoding="utf-8"))
    }
    assert set(found) == {"chartline_ledger_findings", "chartline_ledger_read_timestamp_seconds"}
    assert found["chartline_ledger_findings"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["chartline.prom"]

"""`chartline backtest` on a real database: past claims are judged, and nothing is changed."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from services.claims import SCHEMA
from services.claims.backtest import Trial
from services.claims.claim import PayerId
from services.claims.edits import read_payer_rules
from services.claims.service import backtesting
from services.claims.service.backtesting import BacktestService
from services.cli import app
from shared.contracts.topics import Topic
from shared.fhir import systems
from tests.builders import as_bytes, claim_response
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart

RULE = """
[[rule]]
id = "topic/visits"
source = "test"
payers = ["topic"]
message = "m"
fix = "f"
when = { services = ["99213"] }
require = { diagnoses = ["I10"] }
"""
DENIED = {
    "category": {"coding": [{"system": systems.ADJUDICATION, "code": "denied"}]},
    "reason": {"coding": [{"system": systems.CARC, "code": "11"}]},
}


async def _decide(clinic: Clinic, diagnosis: str, *, denied: bool) -> UUID:
    coded = coded_chart(payer_id="payer-topic", diagnoses=(diagnosis,))
    await clinic.arrive(coded)
    await clinic.preparation.prepare_claims()
    await clinic.sending.publish_due(PayerId("topic"), 10)
    claim_id = clinic.claim_id(coded, "topic")
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    item = [{"itemSequence": 1, "adjudication": [DENIED]}] if denied else None
    body = as_bytes(claim_response(request=request, item=item))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, body)])
    return claim_id


async def _count(clinic: Clinic) -> list[int]:
    tables = ("claim", "response", "denial", "submission", "outbox")
    return [await clinic.pool.fetchval(f"select count(*) from claims.{table}") for table in tables]  # noqa: S608


async def test_past_claims_are_judged_in_pages_and_nothing_changes(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtesting, "_PAGE", 2)
    for diagnosis, denied in (("J18.9", True), ("J18.9", False), ("I10", True), ("J18.9", True), ("I10", False)):
        await _decide(clinic, diagnosis, denied=denied)
    await clinic.queue(coded_chart())
    before = await _count(clinic)
    (trial,) = await BacktestService(clinic.pool, SCHEMA).try_edits(read_payer_rules(RULE))
    assert trial == Trial("topic/visits", "error", judged=5, denied=3, stopped=3, stopped_denied=2)
    assert await _count(clinic) == before


def test_the_command_refuses_a_file_that_it_cannot_understand(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nid = 'no slash'\n")
    answer = CliRunner().invoke(app, ["backtest", str(rules)])
    assert answer.exit_code == 2


async def test_the_command_prints_one_object(
    clinic: Clinic, postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _decide(clinic, "J18.9", denied=True)
    rules = tmp_path / "rules.toml"
    rules.write_text(RULE)
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", postgres_dsn)
    answer = await asyncio.to_thread(CliRunner().invoke, app, ["backtest", str(rules), "--json"])
    (rule,) = json.loads(answer.output.splitlines()[-1])["rules"]
    assert (rule["edit"], rule["stopped"], rule["stopped_denied"], rule["precision"]) == ("topic/visits", 1, 1, 1.0)
    assert rule["precision_interval"][0] < 0.3

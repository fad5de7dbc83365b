"""Brings Java programs from Maven's repository into the cache folder, once.

Invariant: a folder of jars is there whole or not at all, however many processes want it at the same time.
"""

import os
import tempfile
from contextlib import suppress
from importlib.resources.abc import Traversable
from pathlib import Path

from services.local.errors import LocalStackError
from services.local.java import find_maven
from services.local.process import Child, ChildSpec
from shared.codesets.cache import cache_folder

_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def jars_folder(name: str) -> Path:
    """The folder in the cache that holds, or will hold, the jars of a program, such as `apache-kafka-4.1.1`."""
    return cache_folder() / name


async def resolve_jars(name: str, pom: Traversable, log: Path) -> Path:
    """Return the folder of the jars that `pom` depends on, which Maven fills the first time.

    Raises LocalStackError when Maven is missing, ChildFailed when it fails.
    """
    folder = jars_folder(name)
    if folder.exists():
        return folder
    maven = find_maven()
    if maven is None:
        raise LocalStackError(f"{name} is not in the cache, and Maven, which brings it, is missing; install Maven")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
        copy = Path(staging) / "pom.xml"
        copy.write_bytes(pom.read_bytes())
        jars = Path(staging) / "jars"
        command = [maven, "--quiet", "--batch-mode", "--strict-checksums", "--file", str(copy), _COPY_JARS]
        command.append(f"-DoutputDirectory={jars}")
        child = await Child.start(ChildSpec(name="maven", command=command, log=log))
        try:
            if await child.wait():
                raise child.failure(f"Maven could not resolve {name}; check its settings and the network")
        finally:
            await child.stop()
        with suppress(OSError):  # another process was faster
            jars.rename(folder)
    return folder


def class_path(folder: Path) -> str:
    """The jars of a folder as Java's class path."""
    return os.pathsep.join(str(jar) for jar in sorted(folder.glob("*.jar")))

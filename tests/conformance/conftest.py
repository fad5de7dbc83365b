"""The HAPI validator as a fixture: brought by Maven once, run as a child process, asked by the line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from pathlib import Path

import pytest

from services.local.java import find_java, find_maven
from services.local.maven import jars_folder, resolve_jars

HAPI = "hapi-fhir-validator-8.8.1"
FOLDER = Path(__file__).parent
DEFINITIONS = resources.files("shared.fhir") / "definitions"
MAX_LINE_BYTES = 16_000_000

FindErrors = Callable[[str | bytes], Awaitable[list[str]]]


@pytest.fixture(scope="session")
async def find_errors(stack_folder: Path) -> AsyncIterator[FindErrors]:
    """`await find_errors(resource)` returns what the HAPI validator holds to be wrong with a resource, JSON."""
    if find_java() is None or (find_maven() is None and not jars_folder(HAPI).exists()):
        reason = "the FHIR validator needs Java 17 or later, and Maven the first time"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    jars = await resolve_jars(HAPI, FOLDER / "pom.xml", stack_folder / "maven.log")
    with (stack_folder / "validator.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(FOLDER / "validate.py"), str(jars), str(DEFINITIONS),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=MAX_LINE_BYTES,
        )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    stdin, stdout = child.stdin, child.stdout

    async def ask(resource: str | bytes) -> list[str]:
        stdin.write(json.dumps(json.loads(resource)).encode() + b"\n")
        answer = await stdout.readline()
        assert answer, (stack_folder / "validator.log").read_text()[-2000:]
        errors: list[str] = json.loads(answer)
        return errors

    yield ask
    stdin.close()
    await child.wait()

"""The round with curl in docs/api.md is run as it stands there, against a service that listens."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from services.coder.app import create_app
from services.coder.arrivals import Arrivals
from services.coder.settings import CoderSettings
from services.coder.work_item import State
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.integration.coder.conftest import Desk

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
ANN = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
_TOOLS_ARE_HERE = bool(shutil.which("curl") and shutil.which("jq"))
needs_tools = pytest.mark.skipif(
    not _TOOLS_ARE_HERE and os.environ.get("CI") != "true", reason="the page uses curl and jq; in CI they must be there"
)


@pytest.fixture
async def address(desk: Desk) -> AsyncIterator[str]:
    """Where the service listens; its streams end when they begin."""
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token("ann-token"): ANN})))
    app.state.use_cases, app.state.arrivals = desk.cases, Arrivals(desk.pool)
    app.state.closing.begin()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


@needs_tools
async def test_the_round_with_curl_completes_a_chart(desk: Desk, address: str, tmp_path: Path) -> None:
    charts = [await desk.open_chart() for _ in range(4)]
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    script = script.replace("http://127.0.0.1:8081", address).replace("limit=50", "limit=1")
    shell = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "TOKEN": "ann-token"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await shell.communicate()
    assert shell.returncode == 0, complaints.decode()
    assert "304\n" in said.decode()
    assert len(re.findall(r"T[0-9:]+Z\n", said.decode())) == 3
    assert "event: ready" in said.decode()
    assert await desk.state(charts[0].chart_id) is State.COMPLETED
    assert await desk.state(charts[1].chart_id) is State.OPEN

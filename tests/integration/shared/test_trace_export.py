"""Spans of a process reach a collector over HTTP before the process ends."""

import asyncio
import sys

PROGRAM = """
import sys
from shared.telemetry.export import exporting_traces
from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.tracing import span

with exporting_traces(TelemetrySettings(otlp_traces_url=sys.argv[1]), service="room"), span("the work"):
    pass
"""


async def test_spans_are_sent_before_the_process_ends() -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await received.put(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1/traces"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, url)
        async with asyncio.timeout(60):
            request = await received.get()
        assert await process.wait() == 0
    assert request.startswith(b"post /v1/traces ")
    assert b"chartline-room" in request
    assert b"the work" in request

"""Tells answers that stream when the server stops.

Place in the flow: `ClosingServer` begins the closing, then uvicorn waits for open requests, and only then ends the
lifespan: a stream without an end of its own would take the whole drain. Invariant: after `begun` a stream sends nothing
more and ends.
"""

import asyncio
import socket

import uvicorn
from fastapi import FastAPI


class Closing:
    """Whether the end has begun."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    def begin(self) -> None:
        """Let every stream end."""
        self.begun.set()


class ClosingServer(uvicorn.Server):
    """A server that tells its app that it stops before it waits for open requests."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._closing: Closing = app.state.closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then wait for what is open."""
        self._closing.begin()
        await super().shutdown(sockets)

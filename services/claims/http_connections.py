"""Posts to a payer over kept-alive HTTP/1.1 connections, one request at a time on each.

Place in the flow: the FHIR channel and its token source post through it.
Invariants: no redirect is followed, no cookie kept, no proxy or password taken from the environment, and no more of an
answer read than was asked for. Each connection is a transport of its own: httpcore's pool looks at every connection at
every request, and costs more than the request from a dozen of them on.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import httpx

from services.claims.credentials import ClientCertificate

_ONE_CONNECTION = httpx.Limits(max_connections=1, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `body` is None where it was longer than allowed."""

    status: int
    headers: httpx.Headers
    body: bytes | None


@dataclass(frozen=True, slots=True)
class PostLimits:
    """How long a request may take to connect and to be answered whole, and how long an answer may be."""

    connect_seconds: float
    answer_seconds: float
    max_answer_bytes: int


class HttpConnections:
    """Opens a connection when all others are in use; whoever posts limits how many that are."""

    def __init__(self, open_transport: Callable[[], httpx.AsyncBaseTransport], limits: PostLimits) -> None:
        self._open_transport = open_transport
        self._limits = limits
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._all: list[httpx.AsyncBaseTransport] = []
        self._extensions = {
            "timeout": httpx.Timeout(limits.answer_seconds, connect=limits.connect_seconds, pool=None).as_dict()
        }

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Post and read the answer; raises httpx.TransportError, or TimeoutError when the whole takes too long."""
        return await self._send(
            httpx.Request("POST", _parse_url(url), content=content, headers=dict(headers), extensions=self._extensions)
        )

    async def get(self, url: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> HttpAnswer:
        """Read; raises like `post`."""
        address = _parse_url(url).copy_with(params=dict(parameters))
        return await self._send(httpx.Request("GET", address, headers=dict(headers), extensions=self._extensions))

    async def _send(self, request: httpx.Request) -> HttpAnswer:
        async with self._connection() as transport, asyncio.timeout(self._whole_seconds):
            response = await transport.handle_async_request(request)
            try:
                return HttpAnswer(response.status_code, response.headers, await self._read(response.stream))
            finally:
                await response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        for transport in self._all:
            await transport.aclose()

    @property
    def _whole_seconds(self) -> float:
        return self._limits.connect_seconds + self._limits.answer_seconds

    async def _read(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> bytes | None:
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport has an asynchronous stream")
        body = bytearray()
        async for chunk in stream:
            body += chunk
            if len(body) > self._limits.max_answer_bytes:
                return None
        return bytes(body)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        if not self._idle:
            self._all.append(self._open_transport())
            self._idle.append(self._all[-1])
        transport = self._idle.pop()
        try:
            yield transport
        finally:
            self._idle.append(transport)


@lru_cache(maxsize=64)
def _parse_url(url: str) -> httpx.URL:
    """A lane has few addresses, and parsing one is dear beside sending to it."""
    return httpx.URL(url)


@asynccontextmanager
async def open_connections(
    limits: PostLimits, certificate: ClientCertificate | None = None, authorities: Path | None = None
) -> AsyncIterator[HttpConnections]:
    """Read the certificates, and close all connections at the end; raises OSError for a file that cannot be read."""
    context = _make_tls(certificate, authorities)
    connections = HttpConnections(lambda: _open_transport(context), limits)
    try:
        yield connections
    finally:
        await connections.close()


def _open_transport(context: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=_ONE_CONNECTION)


def _make_tls(certificate: ClientCertificate | None, authorities: Path | None) -> ssl.SSLContext:
    if authorities is None:
        context = httpx.create_ssl_context(trust_env=False)
    else:
        context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        password = certificate.private_key_password
        context.load_cert_chain(
            certificate.certificate_file,
            certificate.private_key_file,
            password.get_secret_value() if password else "",
        )
    return context

"""A payer that costs next to nothing: what `bench/delivery.py` delivers to, in a process of its own.

    python -m bench.delivery_payer PORT

It reads HTTP/1.1 with keep-alive by hand, remembers every Bundle.identifier, and answers each with an accepted
ClaimResponse. `GET /counts` says how many Bundles came, with how many identifiers.
"""

import asyncio
import json
import re
import sys
from collections import Counter

_IDENTIFIER = re.compile(rb'"identifier":\{"system":"[^"]*","value":"([^"]*)"\}')
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
_ANSWER = (
    b'{"resourceType":"ClaimResponse","id":"%s","status":"active","type":{"coding":[{"system":'
    b'"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},"use":"claim",'
    b'"patient":{"reference":"Patient/patient-1"},"created":"2026-09-02","insurer":{"reference":"Organization/payer-1"},'
    b'"request":{"identifier":{"system":"https://chartline.example/fhir/NamingSystem/claim-identifier","value":"%s"}},'
    b'"outcome":"complete","item":[{"itemSequence":1,"adjudication":[{"category":{"coding":[{"system":'
    b'"http://terminology.hl7.org/CodeSystem/adjudication","code":"benefit"}]},"amount":{"value":100.00,'
    b'"currency":"USD"}}]}]}'
)


class PayerConnection(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, received: Counter[bytes]) -> None:
        self._received = received
        self._buffer = bytearray()
        self._head_end = -1
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._buffer += data
        while self._has_request():
            start, stop = self._head_end + 4, self._head_end + 4 + self._length
            head, body = bytes(self._buffer[: self._head_end]), bytes(self._buffer[start:stop])
            del self._buffer[:stop]
            self._head_end = -1
            self._answer(head, body)

    def _has_request(self) -> bool:
        if self._head_end < 0:
            self._head_end = self._buffer.find(b"\r\n\r\n")
            if self._head_end < 0:
                return False
            length = _LENGTH.search(self._buffer, 0, self._head_end)
            self._length = int(length[1]) if length else 0
        return len(self._buffer) >= self._head_end + 4 + self._length

    def _answer(self, head: bytes, body: bytes) -> None:
        answer = self._take_in(body) if head.startswith(b"POST") else self._count()
        prefix = b"HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: %d\r\n\r\n" % len(answer)
        self._transport.write(prefix + answer)

    def _take_in(self, body: bytes) -> bytes:
        found = _IDENTIFIER.search(body)
        identifier = found[1] if found else b""
        self._received[identifier] += 1
        return _ANSWER % (identifier, identifier)

    def _count(self) -> bytes:
        return json.dumps({"bundles": self._received.total(), "identifiers": len(self._received)}).encode()


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    received: Counter[bytes] = Counter()
    server = await asyncio.get_running_loop().create_server(lambda: PayerConnection(received), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

"""Clients that keep their connections: each sends one request after another, and forgives nothing.

They are plain sockets: a client library may send a request anew on its own, and hide what is to be seen here.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.serving import Server, until

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and whether the server said that it was the last one on its connection."""

    status: int
    is_last: bool
    body: bytes


class KeepAlive:
    """One connection that is opened anew only after the server has said that it closes it.

    Whatever breaks is an error: OSError, asyncio.IncompleteReadError.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Answered:
        """Send one request and read its answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._server.port)
        reader, writer = self._streams
        writer.write(self._request(method, path, urlencode(form or {}).encode()))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(fields["content-length"]))
        answered = Answered(int(head[0].split()[1]), fields.get("connection") == "close", body)
        if answered.is_last:
            assert await reader.read() == b""
            self.close()
        return answered

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        authorization = self._server.headers["Authorization"]
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\nAuthorization: {authorization}\r\n"
            f"Content-Type: {_FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class KeepAliveLoad:
    """Clients at work until ``is_over``: every second request makes an order, the others ask for it."""

    server: Server
    is_over: bool = False
    answers: Counter[int] = field(default_factory=Counter)
    created: set[str] = field(default_factory=set)
    last_ones: int = 0

    async def run(self, client: int) -> None:
        """One client."""
        connection = KeepAlive(self.server)
        number = 0
        try:
            while not self.is_over:
                number += 1
                order_id = f"client-{client}-{number}"
                self._note(await connection.ask("POST", "/api/v2/orders", {"invoice_id": "inv_0001", "id": order_id}))
                self.created.add(order_id)
                self._note(await connection.ask("GET", f"/api/v2/orders/{order_id}"))
        finally:
            connection.close()

    async def go_on(self, count: int) -> None:
        """Wait for so many more answers."""
        wanted = self.answers.total() + count
        await asyncio.to_thread(until, lambda: self.answers.total() >= wanted, what="the load goes on")

    def _note(self, answered: Answered) -> None:
        self.answers[answered.status] += 1
        self.last_ones += answered.is_last

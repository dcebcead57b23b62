"""Requests as bytes on keep-alive connections, and the answers to them: cheap enough for tens of thousands."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

_PATIENCE_S = 30.0
# Ends headers, chunks, and bodies of some hundred bytes.
_END = b"\r\n\r\n0\r\n\r\n" + b"x" * 400
_SHOWN_BYTES = 1_000
_ANSWER_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request. Words between tildes (``~KEY~``) are filled in when it is sent; see ``playground``.

    Args:
        framed: whether the length of the body is told; not where the headers tell it in their own way.
        raw: sent instead of all else: bytes that need be no request. Something follows that ends every request.
        hangs_up: whether the client is gone at once and waits for no answer.
        last: whether the connection is not used again, since the service may close it behind a body like this.
    """

    method: bytes = b""
    target: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    framed: bool = True
    raw: bytes | None = None
    hangs_up: bool = False
    last: bool = False

    def __repr__(self) -> str:
        """As it is sent, cut to what can be read."""
        return f"Request({self.encoded(b'HOST')[:_SHOWN_BYTES]!r})"

    @property
    def path(self) -> str:
        """The target without its query, as the service sees it."""
        return self.target.partition(b"?")[0].decode("utf-8", "surrogateescape")

    def encoded(self, host: bytes) -> bytes:
        """What goes over the wire."""
        if self.raw is not None:
            return self.raw if self.hangs_up else self.raw + _END
        headers = [(b"Host", host), *self.headers]
        if self.framed and (self.body or self.method == b"POST"):
            headers.append((b"Content-Length", b"%d" % len(self.body)))
        lines = [b"%s %s HTTP/1.1" % (self.method, self.target), *(b"%s: %s" % header for header in headers)]
        return b"\r\n".join([*lines, b"", self.body])


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    closes: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as it was sent, and its answer; None where there was none.

    Args:
        before: what was sent on the same connection before.
    """

    request: Request
    answer: Answer | None
    closed: bool = False
    before: Request | None = None


async def exchange(port: int, requests: Sequence[Request], *, lanes: int = 16) -> list[Exchange]:
    """Send all, at most ``lanes`` at a time, and wait for all answers; they come in the order of the requests."""
    numbered = iter(enumerate(requests))
    found: dict[int, Exchange] = {}
    async with asyncio.timeout(_PATIENCE_S), asyncio.TaskGroup() as tasks:
        for _ in range(min(lanes, len(requests))):
            tasks.create_task(_run_lane(port, numbered, found))
    return [found[place] for place in range(len(requests))]


async def _run_lane(port: int, numbered: Iterator[tuple[int, Request]], found: dict[int, Exchange]) -> None:
    """Take the next request as long as there is one; a connection that was closed is opened anew."""
    place, request = next(numbered, (-1, None))
    while request is not None:
        async with _connection(port) as (reader, writer):
            before: Request | None = None
            while request is not None:
                done = await _send(request, port, reader, writer)
                found[place] = replace(done, before=before)
                before = request
                place, request = next(numbered, (-1, None))
                if done.closed:
                    break


@contextlib.asynccontextmanager
async def _connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_ANSWER_BYTES_MAX)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _send(request: Request, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Exchange:
    writer.write(request.encoded(b"127.0.0.1:%d" % port))
    try:
        if request.hangs_up:
            await writer.drain()
            return Exchange(request, None, closed=True)
        answer = await _read_answer(request, reader)
    except (asyncio.IncompleteReadError, ConnectionError):
        return Exchange(request, None, closed=True)
    return Exchange(request, answer, closed=answer.closes or request.last)


async def _read_answer(request: Request, reader: asyncio.StreamReader) -> Answer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        status = int(first.split(" ", 2)[1])
        if status >= 200:
            break
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    has_body = request.method != b"HEAD" and status not in {204, 304}
    body = await reader.readexactly(int(headers["content-length"])) if has_body else b""
    kept = headers.get("connection", "keep-alive" if first.startswith("HTTP/1.1") else "close").lower()
    return Answer(status, headers, body, closes=kept == "close")

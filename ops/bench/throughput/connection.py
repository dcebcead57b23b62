"""A kept-alive HTTP/1.1 connection of the generator: one request at a time, and as little work on answers as can be."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

_SHOWN_BYTES = 500
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


class UnexpectedAnswer(Exception):
    """An answer that is no 2xx, that is no HTTP, or that did not come."""


class Connection(asyncio.Protocol):
    """Looks at the status and the length of an answer, and reads over the rest.

    Args:
        on_answer: called with the connection when its answer is there as a whole.
        on_failure: called with what went wrong; the connection is of no use any more.
    """

    __slots__ = ("_head", "_is_closing", "_missing", "_on_answer", "_on_failure", "_transport", "is_waiting", "since")

    def __init__(
        self, on_answer: Callable[["Connection"], None], on_failure: Callable[[UnexpectedAnswer], None]
    ) -> None:
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._transport: asyncio.Transport
        self._head = b""
        self._missing = 0
        self._is_closing = False
        self.is_waiting = False
        self.since = 0.0

    def send(self, request: bytes, since: float | None = None) -> None:
        """Send a request; its time counts from ``since`` (``time.perf_counter``), or from now."""
        self.since = since or time.perf_counter()
        self.is_waiting = True
        self._transport.write(request)

    def close(self) -> None:
        """End it in order."""
        self._is_closing = True
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by us or by the server."""
        if not self._is_closing:
            self._on_failure(UnexpectedAnswer(f"the server closed a connection ({exc or 'without an error'})"))

    def data_received(self, data: bytes) -> None:
        """A part of an answer, most often all of it."""
        try:
            self._missing = self._missing - len(data) if self._missing else self._missing_behind(data)
            if self._missing < 0:
                raise UnexpectedAnswer(f"{-self._missing} bytes more than the answer has: {_shown(data)}")
        except UnexpectedAnswer as failure:
            self._on_failure(failure)
            return
        if self._missing == 0 and not self._head:
            self.is_waiting = False
            self._on_answer(self)

    def _missing_behind(self, data: bytes) -> int:
        """How many bytes of the answer are still to come once its head is whole; until then the head is kept."""
        data = self._head + data
        end = data.find(_HEAD_END)
        if end < 0:
            self._head = data
            return 0
        self._head = b""
        if not data.startswith(b"HTTP/1.1 2"):
            raise UnexpectedAnswer(_shown(data))
        return _content_length(data[:end]) - (len(data) - end - len(_HEAD_END))


def _content_length(head: bytes) -> int:
    head = head.lower()
    place = head.find(_LENGTH)
    if place < 0:
        raise UnexpectedAnswer(f"no Content-Length: {_shown(head)}")
    start = place + len(_LENGTH)
    end = head.find(b"\r\n", start)
    return int(head[start : end if end >= 0 else len(head)])


def _shown(data: bytes) -> str:
    return data[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")

"""A relay between the service and its database that cuts connections in a chosen phase of a chosen exchange.

It reads the frames of PostgreSQL's protocol: what a client sends up to a Sync or a Query is an exchange, which the
server ends with ReadyForQuery. By then the statement is committed, so an answer that is lost is lost after the commit.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from enum import Enum, auto
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"
_ENDS_EXCHANGE = frozenset(b"SQ")  # Sync, Query
_IS_WAITED_FOR = frozenset(b"HX")  # Flush, Terminate
_READY_FOR_QUERY = ord("Z")


class Phase(Enum):
    """Where a connection is lost, seen from the statement that is on its way."""

    BEFORE_IT_IS_SENT = auto()
    WHEN_IT_IS_SENT = auto()
    AFTER_THE_COMMIT = auto()
    WITHIN_THE_ANSWER = auto()


class Relay:
    """Passes everything on until it is told otherwise. ``folder`` is the host for clients, as that of a server is.

    Args:
        upstream: the folder of the server's socket.
        folder: an empty one, whose path is short enough for a socket.
    """

    def __init__(self, upstream: str, folder: Path) -> None:
        self.folder = folder
        self.exchanges = 0
        self._upstream = f"{upstream}/{_SOCKET}"
        self._cut_at: tuple[int, Phase] | None = None
        self._is_away = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_armed(self) -> bool:
        """Whether a cut is still to come."""
        return self._cut_at is not None

    def cut(self, exchange: int, phase: Phase) -> None:
        """Lose a connection at the exchange of this number from now on, counted from 1, once."""
        self._cut_at = (self.exchanges + exchange, phase)

    def disarm(self) -> None:
        """Lose none after all."""
        self._cut_at = None

    def go_away(self) -> None:
        """End all connections, and take no more until ``come_back``."""
        self._is_away = True
        for connection in list(self._connections):
            connection.abort()

    def come_back(self) -> None:
        """Take connections again."""
        self._is_away = False

    def freeze(self) -> None:
        """Pass nothing on, and end nothing, until ``thaw``."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Pass on again, what waited first."""
        self._flowing.set()

    def begins(self) -> Phase | None:
        """Count an exchange; the phase in which it is to be cut."""
        self.exchanges += 1
        if self._cut_at is None or self._cut_at[0] != self.exchanges:
            return None
        phase, self._cut_at = self._cut_at[1], None
        return phase

    async def flowing(self) -> None:
        """Wait while it is frozen."""
        await self._flowing.wait()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            # It is cancelled by ``close`` alone, and nobody asks how it ended.
            with contextlib.suppress(asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_away:
            writer.transport.abort()
            return
        connection = _Connection(self, reader, writer, *await asyncio.open_unix_connection(self._upstream))
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            connection.abort()
            self._connections.discard(connection)

    async def close(self) -> None:
        """End all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Connection:
    def __init__(
        self,
        relay: Relay,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self._relay = relay
        self._client = client
        self._to_client = to_client
        self._server = server
        self._to_server = to_server
        self._cut: Phase | None = None

    def abort(self) -> None:
        self._to_client.transport.abort()
        self._to_server.transport.abort()

    async def run(self) -> None:
        """Pass on in both directions until one ends."""
        ways = [asyncio.create_task(self._requests()), asyncio.create_task(self._answers())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _requests(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            # The first message has no type; a cancellation consists of it alone.
            await self._forward(await _sized(self._client))
            pending = b""
            while True:
                kind = await self._client.readexactly(1)
                pending += kind + await _sized(self._client)
                if kind[0] not in _ENDS_EXCHANGE:
                    if kind[0] in _IS_WAITED_FOR:
                        await self._forward(pending)
                        pending = b""
                    continue
                cut = self._relay.begins()
                if cut is Phase.BEFORE_IT_IS_SENT:
                    return
                self._cut = cut
                await self._forward(pending)
                pending = b""
                if cut is Phase.WHEN_IT_IS_SENT:
                    return

    async def _answers(self) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            answer = b""
            while True:
                kind = await self._server.readexactly(1)
                answer += kind + await _sized(self._server)
                if kind[0] == _READY_FOR_QUERY and self._cut is not None:
                    if self._cut is Phase.WITHIN_THE_ANSWER:
                        self._to_client.write(answer[: len(answer) // 2])
                        await self._to_client.drain()
                        self._to_client.close()
                        await self._to_client.wait_closed()
                    return
                if self._cut is None:
                    await self._relay.flowing()
                    self._to_client.write(answer)
                    await self._to_client.drain()
                    answer = b""

    async def _forward(self, message: bytes) -> None:
        await self._relay.flowing()
        self._to_server.write(message)
        await self._to_server.drain()


async def _sized(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(4)
    return length + await reader.readexactly(int.from_bytes(length) - 4)


@contextlib.asynccontextmanager
async def relay_to(upstream: str) -> AsyncIterator[Relay]:
    """A relay to the server whose socket is in a folder."""
    with tempfile.TemporaryDirectory(prefix="ol-relay-") as folder:
        relay = Relay(upstream, Path(folder))
        server = await asyncio.start_unix_server(relay.accept, Path(folder) / _SOCKET)
        try:
            yield relay
        finally:
            server.close()
            await relay.close()

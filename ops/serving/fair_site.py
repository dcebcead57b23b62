"""Where a worker takes its connections from: the socket that all workers accept on, in turn with the others.

The kernel wakes all who wait on a socket, and who is awake first takes what is there. So connections that are kept
gather in one worker while others have little to do. Here a worker lets another come first that has fewer connections,
for a moment: one that is too busy to come is not waited for.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

from aiohttp import web

from ops.serving.connection_counts import ConnectionCounts

# As long as a worker that has nothing to do needs to come, and some more; one that is busy is not waited for.
_TURN_S = 0.002
# As asyncio does where there is no room for another connection.
_NO_ROOM_PAUSE_S = 1.0
# Taken at once of those for whom nobody else has come.
_LEFT_MAX = 16
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = logging.getLogger(__name__)


class FairSite(web.SockSite):
    """A listening socket of a runner's, shared with other workers.

    Args:
        counts: the connections of all workers.
    """

    __slots__ = ("_counts",)

    def __init__(self, runner: web.BaseRunner, listener: socket.socket, counts: ConnectionCounts) -> None:
        super().__init__(runner, listener)
        self._counts = counts

    async def start(self) -> None:
        """Take connections from now on."""
        await web.BaseSite.start(self)
        assert self._runner.server is not None
        # What the base class closes when the site is stopped.
        accepting = _Accepting(self._sock, self._runner.server, self._counts)
        self._server = accepting  # type: ignore[assignment]  # no more is asked of it


class _Accepting:
    """Takes connections until it is closed; the listening socket stays open for others."""

    def __init__(self, listener: socket.socket, protocols: web.Server, counts: ConnectionCounts) -> None:
        self._listener = listener
        self._protocols = protocols
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[None]] = set()
        self._later: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        counts.accepts(True)
        self._look()

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening socket."""
        return (self._listener,)

    def close(self) -> None:
        """Take no more."""
        self._counts.accepts(False)
        self._loop.remove_reader(self._listener)
        if self._later is not None:
            self._later.cancel()

    def _look(self) -> None:
        self._loop.add_reader(self._listener, self._somebody_is_there)

    def _look_away(self, pause_s: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener)
        self._later = self._loop.call_later(pause_s, then)

    def _somebody_is_there(self) -> None:
        if self._counts.another_has_fewer():
            self._look_away(_TURN_S, self._take_who_is_left)
        else:
            # One, so that this worker is counted with it before the next.
            self._take()

    def _take_who_is_left(self) -> None:
        self._look()
        for _ in range(_LEFT_MAX):
            if not self._take():
                break

    def _take(self) -> bool:
        """Take a connection; whether there was one."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            log.warning("no room for another connection: %s", error.strerror)
            self._look_away(_NO_ROOM_PAUSE_S, self._look)
            return False
        connection.setblocking(False)
        task = self._loop.create_task(self._begin(connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
        return True

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocols, connection)
        except OSError:
            # The client is gone already.
            connection.close()

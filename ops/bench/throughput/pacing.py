"""When the generator sends its requests: each behind an answer (a closed loop), or at a constant rate (an open one)."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterator
from itertools import count, cycle
from typing import Protocol

from ops.bench.throughput.connection import Connection
from ops.bench.throughput.plan import Request
from ops.bench.throughput.tally import Tally

_TICK_S = 0.001


class Pacing(Protocol):
    """Decides when the next request goes out."""

    def start(self, connections: list[Connection]) -> None:
        """Send the first requests."""

    def answered(self, connection: Connection) -> None:
        """An answer is there, and its connection is free."""

    def stop(self) -> None:
        """Send no more; those on their way are still answered."""


def rendered(requests: list[Request]) -> Iterator[bytes]:
    """The requests in turn, again and again, each with a number that no other has, in this run or another one."""
    prefix = os.urandom(4).hex()
    numbers = (b"%b%08x" % (prefix.encode(), number) for number in count())
    return (number.join(pieces) for number, pieces in zip(numbers, cycle(requests), strict=False))


class ClosedLoop:
    """Each connection sends its next request when it has the answer to the last, ``limit`` in all."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, limit: int | None = None) -> None:
        self._requests = requests
        self._tally = tally
        self._left = -1 if limit is None else limit

    def start(self, connections: list[Connection]) -> None:
        """One request on each connection."""
        for each in connections:
            self._send(each)

    def answered(self, connection: Connection) -> None:
        """Send the next one."""
        self._tally.answered(connection.since, time.perf_counter())
        self._send(connection)

    def stop(self) -> None:
        """Send no more."""
        self._left = 0

    def _send(self, connection: Connection) -> None:
        if self._left:
            self._left -= 1
            connection.send(next(self._requests))


class ConstantRate:
    """Requests fall due at a constant rate, whatever the answers do, and go out on the next free connection.

    A request's time counts from when it fell due, so that a server that stalls is charged for all who wait.
    """

    def __init__(self, requests: Iterator[bytes], tally: Tally, rate_per_s: float) -> None:
        self._requests = requests
        self._tally = tally
        self._rate_per_s = rate_per_s
        self._free: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._due = 0
        self._is_stopped = False

    def start(self, connections: list[Connection]) -> None:
        """From now on requests fall due."""
        self._free.extend(connections)
        self._started = time.perf_counter()
        self._tick()

    def answered(self, connection: Connection) -> None:
        """Send what has waited for a free connection the longest."""
        self._tally.answered(connection.since, time.perf_counter())
        if self._waiting:
            connection.send(next(self._requests), self._waiting.popleft())
        else:
            self._free.append(connection)

    def stop(self) -> None:
        """Nothing falls due any more, and what waits is not sent."""
        self._is_stopped = True
        self._waiting.clear()

    def _tick(self) -> None:
        if self._is_stopped:
            return
        now = time.perf_counter()
        while (due_at := self._started + self._due / self._rate_per_s) <= now:
            self._due += 1
            if self._free:
                self._free.popleft().send(next(self._requests), due_at)
            else:
                self._waiting.append(due_at)
        asyncio.get_running_loop().call_later(_TICK_S, self._tick)

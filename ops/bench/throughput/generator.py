"""The process that makes load: `python -m ops.bench.throughput.generator`, with a plan on standard input.

It is lean, since it shares the processors with what it measures: requests are ready before it starts, and of an answer
it reads the status and the length. Anything but 2xx ends the run: a figure with refusals in it would say nothing.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import uvloop

from ops.bench.throughput.connection import Connection, UnexpectedAnswer
from ops.bench.throughput.pacing import ClosedLoop, ConstantRate, Pacing, rendered
from ops.bench.throughput.plan import Began, Ended, Failed, Message, Plan, Went
from ops.bench.throughput.tally import Tally

_TELL_S = 0.5
_ANSWER_S_MAX = 60.0
_NO_ANSWER = f"no answer in {_ANSWER_S_MAX:g} s"


class Load:
    """One plan, carried out once.

    Args:
        tell: is told how it goes.
    """

    def __init__(self, plan: Plan, tell: Callable[[Message], None]) -> None:
        self._plan = plan
        self._tell = tell
        self._tally = Tally()
        self._pacing = _pacing(plan, self._tally)
        self._connections: list[Connection] = []
        self._failure: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._all_counted = asyncio.Event()
        self._none_waits = asyncio.Event()
        self._is_ending = False

    async def run(self) -> None:
        """Send the requests.

        Raises:
            UnexpectedAnswer: an answer was no 2xx, or there was none.
        """
        try:
            await self._open()
            if self._plan.count is None:
                await self._for_seconds()
            else:
                await self._all()
            self._tell(Ended())
            await self._last_answers()
            self._tell(self._tally.outcome())
        finally:
            for each in self._connections:
                each.close()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self._plan.connections):
            _, made = await loop.create_connection(
                lambda: Connection(self._answered, self._failed), self._plan.host, self._plan.port
            )
            self._connections.append(made)

    async def _for_seconds(self) -> None:
        self._pacing.start(self._connections)
        await self._pass(self._plan.warm_up_s)
        self._tally.begin()
        self._tell(Began())
        await self._pass(self._plan.seconds)
        self._tally.end()
        self._pacing.stop()

    async def _all(self) -> None:
        self._tally.begin()
        self._tell(Began())
        self._pacing.start(self._connections)
        answers, since = 0, time.monotonic()
        while not self._all_counted.is_set():
            await self._until(self._all_counted.wait(), _TELL_S)
            self._tell(Went(self._tally.answers))
            if self._tally.answers > answers:
                answers, since = self._tally.answers, time.monotonic()
            if time.monotonic() - since > _ANSWER_S_MAX:
                raise UnexpectedAnswer(_NO_ANSWER)
        self._tally.end()

    async def _last_answers(self) -> None:
        self._is_ending = True
        if self._is_any_waiting():
            await self._until(self._none_waits.wait(), _ANSWER_S_MAX)
        if self._is_any_waiting():
            raise UnexpectedAnswer(_NO_ANSWER)

    async def _pass(self, seconds: float) -> None:
        await self._until(asyncio.sleep(seconds), seconds + 1)

    async def _until(self, work: Coroutine[Any, Any, object], seconds: float) -> None:
        """Wait for something, but not longer than this, and not at all once an answer was wrong."""
        waiting: asyncio.Future[Any] = asyncio.create_task(work)
        await asyncio.wait({waiting, self._failure}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._failure.done():
            self._failure.result()

    def _is_any_waiting(self) -> bool:
        return any(each.is_waiting for each in self._connections)

    def _answered(self, connection: Connection) -> None:
        self._pacing.answered(connection)
        if self._tally.answers == self._plan.count:
            self._all_counted.set()
        if self._is_ending and not self._is_any_waiting():
            self._none_waits.set()

    def _failed(self, failure: UnexpectedAnswer) -> None:
        if not self._failure.done():
            self._failure.set_exception(failure)


def _pacing(plan: Plan, tally: Tally) -> Pacing:
    requests = rendered(plan.requests)
    if plan.rate_per_s is not None:
        return ConstantRate(requests, tally, plan.rate_per_s)
    return ClosedLoop(requests, tally, plan.count)


def _tell(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


async def _run(plan: Plan) -> bool:
    try:
        await Load(plan, _tell).run()
    except (OSError, UnexpectedAnswer) as failure:
        _tell(Failed(str(failure)))
        return False
    return True


def main() -> None:
    """Carry out the plan on standard input; exit status 1 where it failed."""
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    # Nothing here makes cycles, and a collection would be measured as time of the server's.
    gc.disable()
    if not uvloop.run(_run(plan)):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""What every child of the parent does first: take its configuration, end with its parent, leave signals to it, and log.

A child works through outages of the database and ends in order when it is told to, or the kernel ends it soon after.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import uvloop

from ops.observability.logs import configure_logs, log_unhandled
from ops.serving.configuration import CONFIGURATION, LEAVE_S, LEAVE_SIGNAL, STOP_S, Configuration

_PR_SET_PDEATHSIG = 1
# Python's own is 700, which a few dozen requests under way are over at any time.
_OBJECTS_BEFORE_COLLECTION = 10_000


def run(work: Callable[[Configuration], Coroutine[Any, Any, None]], *, process: str) -> None:
    """Run the work of a child with what its parent tells it; logs call it ``process``."""
    gc.freeze()
    gc.enable()
    configuration = msgspec.json.decode(os.environ.pop(CONFIGURATION), type=Configuration)
    end_with_parent(configuration.parent_pid)
    # Ctrl-C and the end of a terminal reach the whole group; the parent alone decides, and tells us by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logs(configuration.watching.logs, process)
    uvloop.run(_run(work(configuration)))


async def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.get_running_loop().set_exception_handler(log_unhandled)
    await work


def end_with_parent(parent_pid: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies; elsewhere than on Linux there is no such thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit("the parent process is gone")


class Ending:
    """How a child is told to end. From then on the kernel ends one that takes too long: a killed parent cannot.

    ``wanted`` is set by either signal; ``at_once`` by SIGTERM, and not where another process has taken its place.
    """

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.at_once = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop)
        loop.add_signal_handler(LEAVE_SIGNAL, self._leave)

    def _stop(self) -> None:
        self.at_once.set()
        self.wanted.set()
        signal.alarm(STOP_S)

    def _leave(self) -> None:
        self.wanted.set()
        signal.alarm(LEAVE_S)


def tell_ready(configuration: Configuration) -> None:
    """Tell the parent that this child is at work."""
    _spare_what_stays()
    os.write(configuration.ready_fd, b".")
    os.close(configuration.ready_fd)


def _spare_what_stays() -> None:
    """Let the collector of cycles pass over what is there for good, and look for new ones less often.

    Modules and schemas are some hundred thousand objects. Going through them again and again took a twelfth of a
    worker's time and half of the slowest answers' (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION)


@contextlib.asynccontextmanager
async def beside(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Run endless work beside the block, and cancel it at the block's end."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

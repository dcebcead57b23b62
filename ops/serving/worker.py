"""A worker: one process with one event loop that answers requests on a socket it got from its parent.

It works through outages of the database: requests are answered 503 meanwhile, and all is well afterwards. It ends
with its parent, whatever happens to that.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any

import msgspec
import uvloop
from aiohttp import web

from api.app import create_app
from api.server import LedgerRunner
from api.services import Services, build_services
from ledger.consumer import ConsumerLoop
from ledger.subscription import Announcer, Wakeups
from ops.database import closed_in_time, connect_as_service, create_service_pool
from ops.migrations import MigrationsPending, pending
from ops.serving.configuration import CONFIGURATION, STOP_S, Configuration
from ops.serving.consumers import anchoring, consumers, tell_of_older_database
from ops.serving.processes import processes
from ops.serving.retention import forgetting
from ops.serving.webhooks import delivering, forgetting_deliveries

_PR_SET_PDEATHSIG = 1
_BACKLOG = 1024
_HOUSEKEEPING_S = 60.0
_ANSWERS_FORGOTTEN_MAX = 10_000

log = logging.getLogger("order-ledger")


def main() -> None:
    """Run a worker until SIGTERM."""
    configuration = msgspec.json.decode(os.environ.pop(CONFIGURATION), type=Configuration)
    end_with_parent(configuration.parent_pid)
    # Ctrl-C reaches the whole group; the parent alone decides, and tells us by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    uvloop.run(serve(configuration))


def end_with_parent(parent_pid: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies; elsewhere than on Linux there is no such thing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:
        sys.exit("the parent process is gone")


async def serve(configuration: Configuration) -> None:
    """Answer requests until SIGTERM, then finish those that run."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _stop_in_time, stop)
    address = configuration.address
    wakeups = Wakeups()
    announcer = Announcer(lambda: connect_as_service(address), wakeups)
    pool = create_service_pool(address, size_min=0)
    async with closed_in_time(pool):
        await pool

        async def check_ready() -> None:
            async with pool.acquire() as connection:
                if await pending(connection):
                    raise MigrationsPending

        services = build_services(
            pool,
            on_appended=announcer.announce,
            wakeups=wakeups,
            check_ready=check_ready,
            requests_per_minute=configuration.requests_per_minute,
            keys=configuration.signing.keys,
            anchors=configuration.signing.anchors,
            webhook_ports=configuration.webhooks.ports,
        )
        followers = _followers(configuration, services, wakeups) if configuration.runs_consumers else ()
        async with _background(announcer.run(), services.recorder.run(), _housekeeping(services), *followers):
            runner = LedgerRunner(create_app(services, console=configuration.console.settings))
            await runner.setup()
            listener = socket.socket(fileno=configuration.socket_fd)
            await web.SockSite(runner, listener, backlog=_BACKLOG).start()
            os.write(configuration.ready_fd, b".")
            os.close(configuration.ready_fd)
            await stop.wait()
            await runner.cleanup()
            await services.appender.close()
            await services.recorder.close()


def _stop_in_time(stop: asyncio.Event) -> None:
    """End in order, or be ended by the kernel: a worker whose parent was killed has nobody else to see to it."""
    stop.set()
    signal.alarm(STOP_S)


def _followers(
    configuration: Configuration, services: Services, wakeups: Wakeups
) -> tuple[Coroutine[Any, Any, None], ...]:
    """What one worker does for all: it follows the logs, carries checkpoints and events out, and forgets."""
    pool, signing = services.pool, configuration.signing
    running = processes(services)
    return (
        ConsumerLoop(pool, (*consumers(signing), *running.consumers), wakeups).run(),
        *running.loops,
        anchoring(pool, signing).run(),
        tell_of_older_database(pool, signing),
        forgetting(services, configuration.requests_kept_days),
        delivering(services, configuration.webhooks),
        forgetting_deliveries(services),
    )


@contextlib.asynccontextmanager
async def _background(*work: Any) -> Any:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _housekeeping(services: Services) -> None:
    while True:
        await asyncio.sleep(_HOUSEKEEPING_S)
        try:
            await forget_old_answers(services)
        except Exception as error:
            # Whatever it was, the next time may go well; ended for good, it would let the answers pile up unseen.
            log.warning("old idempotent answers were not forgotten: %r", error)


async def forget_old_answers(services: Services) -> None:
    """Forget all idempotent answers whose window has passed, in small transactions."""
    while await services.store.forget_answers(services.clock_ms(), _ANSWERS_FORGOTTEN_MAX) == _ANSWERS_FORGOTTEN_MAX:
        pass


if __name__ == "__main__":
    main()

"""What answers while the database is away at the start: requests are told to come again, on the service's own socket.

Nothing else of the service runs yet, since nobody knows whether the database has the right schema and keeps what is
acknowledged. When it is there, the workers take over the socket; connections that nobody accepted are theirs.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TypeVar

from ledger.errors import DatabaseUnavailable
from ops.database import DatabaseRefuses

# How often the database is tried, and how often somebody looks whether the service is to stop.
_TRY_S = 1.0
_LOOK_S = 0.2

T = TypeVar("T")
Report = Callable[[str], None]


async def when_reachable(
    prepare: Callable[[], Awaitable[T]],
    listener: socket.socket,
    report: Report,
    is_stopping: Callable[[], bool],
) -> T | None:
    """What ``prepare`` returns, tried until the database is there; None when the service is to stop before.

    Meanwhile requests are answered 503 with ``Retry-After``. There is no time limit: it says what it waits for.

    Raises:
        LedgerError: ``prepare`` was refused by a database that can be reached.
    """
    try:
        return await prepare()
    except DatabaseRefuses:
        raise
    except DatabaseUnavailable as away:
        host, port = listener.getsockname()[:2]
        report(f"{away.message}. Requests to {host}:{port} are answered 503 until it can.")
    come_again = import_module("ops.serving.come_again")
    async with come_again.answering(listener):
        arrival = asyncio.create_task(_tried_again(prepare))
        while not arrival.done() and not is_stopping():
            await asyncio.wait({arrival}, timeout=_LOOK_S)
        if arrival.done():
            report("the database is there")
            return await arrival
        arrival.cancel()
        await asyncio.wait({arrival})
    return None


async def _tried_again(prepare: Callable[[], Awaitable[T]]) -> T:
    while True:
        await asyncio.sleep(_TRY_S)
        try:
            return await prepare()
        except DatabaseRefuses:
            raise
        except DatabaseUnavailable:
            continue

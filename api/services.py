"""What the operations work with, wired in one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from api.access import Gate
from api.replay import Replays
from api.traffic import Traffic
from ledger.appender import Appender
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, system_clock_ms
from ledger.sites import Sites
from ledger.store import Store
from projections.order_row import order_row
from projections.orders import OrderViews


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each, sharing a pool of connections with the rights of the service."""

    pool: asyncpg.Pool
    clock_ms: Callable[[], int]
    ids: IdSource
    store: Store
    appender: Appender
    handler: CommandHandler
    sites: Sites
    orders: OrderViews
    gate: Gate
    replays: Replays
    traffic: Traffic
    check_ready: Callable[[], Awaitable[None]]


def build_services(
    pool: asyncpg.Pool,
    *,
    clock_ms: Callable[[], int] = system_clock_ms,
    on_appended: Callable[[Site], None] = lambda _: None,
    check_ready: Callable[[], Awaitable[None]],
    requests_per_minute: int | None = None,
) -> Services:
    """Wire the services around a pool.

    ``check_ready`` raises when the database cannot be reached or lacks migrations; ``requests_per_minute`` bounds
    each site, None is without limit.
    """
    ids = IdSource(clock_ms)
    store = Store(pool)
    appender = Appender(pool, clock_ms=clock_ms, on_appended=on_appended)
    handler = CommandHandler(store, appender, row_of=order_row, ids=ids, clock_ms=clock_ms)
    sites = Sites(pool)
    return Services(
        pool=pool,
        clock_ms=clock_ms,
        ids=ids,
        store=store,
        appender=appender,
        handler=handler,
        sites=sites,
        orders=OrderViews(pool),
        gate=Gate(sites),
        replays=Replays(store, handler, clock_ms),
        traffic=Traffic(requests_per_minute),
        check_ready=check_ready,
    )

"""What the operations work with, wired in one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from api.access import Gate
from api.replay import Replays
from api.requests.recorder import Recorder
from api.streams import Streams
from api.traffic import Traffic
from ledger.appender import Appender
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, system_clock_ms
from ledger.requests import Requests
from ledger.sites import Sites
from ledger.store import Store
from ledger.subscription import Wakeups
from ledger.transparency.proofs import Proofs
from ledger.transparency.signing_keys import NO_KEYS, KeyFolder
from projections.changes.document import ChangeOpener
from projections.changes.reader import ChangeLog
from projections.history.order_history import OrderHistory
from projections.order_row import order_row
from projections.orders import OrderViews
from projections.past.lists import PastLists


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
    past_lists: PastLists
    history: OrderHistory
    changes: ChangeLog
    change_opener: ChangeOpener
    gate: Gate
    replays: Replays
    requests: Requests
    recorder: Recorder
    traffic: Traffic
    streams: Streams
    wakeups: Wakeups
    proofs: Proofs
    check_ready: Callable[[], Awaitable[None]]


def build_services(
    pool: asyncpg.Pool,
    *,
    clock_ms: Callable[[], int] = system_clock_ms,
    on_appended: Callable[[Site], None] | None = None,
    wakeups: Wakeups | None = None,
    check_ready: Callable[[], Awaitable[None]],
    requests_per_minute: int | None = None,
    keys: KeyFolder = NO_KEYS,
) -> Services:
    """Wire the services around a pool.

    ``check_ready`` raises when the database cannot be reached or lacks migrations; ``requests_per_minute`` bounds
    each site, None is without limit; ``keys`` are those that checkpoints are verified with.
    ``wakeups`` are those of the process; where nobody else is told ``on_appended``, they are.
    """
    wakeups = wakeups or Wakeups()
    ids = IdSource(clock_ms)
    store = Store(pool)
    appender = Appender(pool, clock_ms=clock_ms, on_appended=on_appended or wakeups.wake)
    handler = CommandHandler(store, appender, row_of=order_row, ids=ids, clock_ms=clock_ms)
    sites = Sites(pool)
    requests = Requests(pool)
    return Services(
        pool=pool,
        clock_ms=clock_ms,
        ids=ids,
        store=store,
        appender=appender,
        handler=handler,
        sites=sites,
        orders=OrderViews(pool),
        past_lists=PastLists(pool, clock_ms),
        history=OrderHistory(store, clock_ms),
        changes=ChangeLog(pool),
        change_opener=ChangeOpener(store),
        gate=Gate(sites),
        replays=Replays(store, handler, clock_ms),
        requests=requests,
        recorder=Recorder(requests, clock_ms),
        traffic=Traffic(requests_per_minute),
        streams=Streams(),
        wakeups=wakeups,
        proofs=Proofs(pool, keys),
        check_ready=check_ready,
    )

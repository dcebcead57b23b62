"""What the background process works with: the part of the services that needs no HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from ledger.appender import Appender
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, system_clock_ms
from ledger.intake import IntakeLog
from ledger.requests import Requests
from ledger.sites import Sites
from ledger.store import Store
from ops.observability.watch import Watch
from projections.order_row import order_row
from projections.webhooks.endpoints_now import EndpointsNow


class BackgroundServices(Protocol):
    """What the work in the background asks for; ``api.services.Services`` has it too."""

    @property
    def pool(self) -> asyncpg.Pool:
        """Connections with the rights of the service."""

    @property
    def clock_ms(self) -> Callable[[], int]:
        """Milliseconds since 1970."""

    @property
    def ids(self) -> IdSource: ...

    @property
    def store(self) -> Store: ...

    @property
    def appender(self) -> Appender: ...

    @property
    def handler(self) -> CommandHandler: ...

    @property
    def sites(self) -> Sites: ...

    @property
    def requests(self) -> Requests: ...

    @property
    def intake(self) -> IntakeLog: ...

    @property
    def endpoints(self) -> EndpointsNow: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Services:
    pool: asyncpg.Pool
    clock_ms: Callable[[], int]
    ids: IdSource
    store: Store
    appender: Appender
    handler: CommandHandler
    sites: Sites
    requests: Requests
    intake: IntakeLog
    endpoints: EndpointsNow


def build_background_services(
    pool: asyncpg.Pool, *, on_appended: Callable[[Site], None], watch: Watch
) -> BackgroundServices:
    """Wire the services around a pool; ``on_appended`` is told of sites whose log has grown, ``watch`` counts
    and traces.
    """
    clock_ms = system_clock_ms
    ids = IdSource(clock_ms)
    store = Store(pool)
    appender = Appender(pool, clock_ms=clock_ms, on_appended=on_appended, probe=watch.metrics)
    return _Services(
        pool=pool,
        clock_ms=clock_ms,
        ids=ids,
        store=store,
        appender=appender,
        handler=watch.handler(store, appender, row_of=order_row, ids=ids, clock_ms=clock_ms, probe=watch.metrics),
        sites=Sites(pool),
        requests=Requests(pool),
        intake=IntakeLog(pool),
        endpoints=EndpointsNow(pool),
    )

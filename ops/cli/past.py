"""What the commands on an order's past share: its argument, and the way to the data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
import typer

from ledger.envelope import EventMapper
from ledger.ids import Site
from ledger.reader import StreamReader
from ledger.store import Store
from ops.cli.options import run_with_pool
from ops.cli.site_choice import chosen_site
from ops.target import Target
from projections.history.order_history import OrderHistory

T = TypeVar("T")

OrderIdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the order.")]


@dataclass(frozen=True, slots=True)
class SitePast:
    """The past of one site's orders, and the time zone in which people speak of it."""

    site: Site
    zone: ZoneInfo
    history: OrderHistory
    pool: asyncpg.Pool


def look_back(target: Target, site: str | None, work: Callable[[SitePast], Awaitable[T]]) -> T:
    """Run a question about the past of a site's orders.

    Raises:
        ResourceNotFound: there is no such site.
        ParamRequired: none is named, and there is not exactly one.
    """

    async def run(pool: asyncpg.Pool) -> T:
        chosen = await chosen_site(pool, site)
        store = Store(pool)
        settings = (await StreamReader(store, EventMapper(), chosen).settings()).state
        return await work(SitePast(chosen, ZoneInfo(settings.time_zone), OrderHistory(store), pool))

    return run_with_pool(target, run, read_only=True)

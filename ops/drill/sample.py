"""A site to drill with where there is none: the sample invoices and orders that live through some changes."""

import asyncio
from collections.abc import Iterator
from importlib.resources import files

import asyncpg

from ledger.appender import Appender
from ledger.commands import CancelOrder, Command, CreateOrder, ReopenOrder, UpdateOrder
from ledger.events import OrderChanges
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, system_clock_ms
from ledger.sites import Sites
from ledger.store import Store
from ledger.vocabulary import CancellationReason, OrderStatus
from ops.invoice_loading import load_file
from ops.operator import operator
from ops.quickstart import SAMPLE_INVOICE
from projections.order_row import order_row

SAMPLE = Site("sample")

# Each order is taken this far; orders of a round run together and share commits.
_ORDERS_OF_A_ROUND = 5


async def make_sample(pool: asyncpg.Pool, site: Site, events: int) -> None:
    """Make a site, with at least so many events."""
    await Sites(pool).create_site(site, live=False, now_ms=system_clock_ms())
    with (files("ops.samples") / "invoices.jsonl").open(encoding="utf-8") as invoices:
        await load_file(pool, site, invoices)
    store, ids, appender = Store(pool), IdSource(), Appender(pool)
    handler = CommandHandler(store, appender, row_of=order_row, ids=ids)
    caller = operator(site, live=False, ids=ids)
    try:
        for commands in _rounds():
            async with asyncio.TaskGroup() as tasks:
                for command in commands:
                    tasks.create_task(handler.handle(command, caller))
            if (await store.head_position(site) or 0) >= events:
                return
    finally:
        await appender.close()


def _rounds() -> Iterator[list[Command]]:
    """Without an end: so many new orders, and what happens to them, one step of all at a time."""
    first = 1
    while True:
        ids = [f"order_{number:06}" for number in range(first, first + _ORDERS_OF_A_ROUND)]
        for number in range(len(_life("", 0))):
            yield [_life(order_id, first)[number] for order_id in ids]
        first += _ORDERS_OF_A_ROUND


def _life(order_id: str, number: int) -> list[Command]:
    return [
        CreateOrder(invoice_id=SAMPLE_INVOICE, id=order_id, note=f"made in round {number}"),
        UpdateOrder(order_id=order_id, changes=OrderChanges(tracking_id=f"track_{order_id}")),
        CancelOrder(order_id=order_id, cancellation_reason=CancellationReason.PRODUCT_NOT_REQUIRED),
        ReopenOrder(order_id=order_id),
        UpdateOrder(order_id=order_id, changes=OrderChanges(status=OrderStatus.DELIVERED)),
    ]

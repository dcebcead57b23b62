"""Reconciling against a real log: what is read for it, and that two services at once do it once."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import pytest

from api.services import Services, build_services
from ledger.appender import Appender
from ledger.commands import ChangeSettings, ImportOrder, ReconcileInvoice, RecordCreditNote, RecordInvoice
from ledger.envelope import EventMapper, RecordedEvent
from ledger.handler import Caller, CommandHandler
from ledger.ids import SETTINGS_STREAM, Site, StreamId, invoice_stream
from ledger.invoice import Invoice
from ledger.order import Order
from ledger.reader import StreamReader
from ledger.sql import query
from ledger.store import Store
from ledger.vocabulary import OrderStatus
from ops.operator import operator
from projections.order_row import order_row

RECONCILE = ReconcileInvoice(invoice_id="i")
DAY = 86_400
START = 1_700_000_000
ENABLED = {
    "order_generation_enabled": True,
    "catalog": {"coffee": {"shipping_period": 1, "shipping_period_unit": "day"}},
}


def invoice(invoice_id: str = "i", *, days: int = 3, **members: Any) -> RecordInvoice:
    """A paid invoice over so many daily deliveries."""
    line = {
        "id": "li_1",
        "entity_type": "plan_item_price",
        "entity_id": "coffee",
        "amount": 100 * days,
        "date_from": START,
        "date_to": START + days * DAY,
    }
    description = {"id": invoice_id, "status": "paid", "currency_code": "USD", "line_items": [line], "paid_at": START}
    totals = {"total": 100 * days, "amount_paid": 100 * days}
    return RecordInvoice(invoice_id=invoice_id, description=description | totals | members)


@pytest.fixture
def caller(services: Services, site: Site) -> Caller:
    """An operator."""
    return operator(site, live=False, ids=services.ids)


async def known(pool: asyncpg.Pool, site: Site, invoice_id: str = "i") -> tuple[Invoice, list[Order]]:
    """An invoice, and the orders that it brought about."""
    reader = StreamReader(Store(pool), EventMapper(), site)
    found = (await reader.invoice(invoice_id)).state
    assert found
    return found, [(await reader.order(each.order_id)).state for each in found.generated]


async def test_orders_are_generated_into_the_log_and_the_view(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    for command in (ChangeSettings(settings=ENABLED), invoice(), RECONCILE, RECONCILE):
        await services.handler.handle(command, caller)
    _, orders = await known(pool, site)
    assert [order.id for order in orders] == ["1", "2", "3"]
    assert await Store(pool).order_ids_of_invoice(site, "i") == ["1", "2", "3"]


async def test_two_services_at_once_generate_once(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    async def ready() -> None: ...

    elsewhere = build_services(pool, check_ready=ready)
    await services.handler.handle(ChangeSettings(settings=ENABLED), caller)
    for number in range(5):
        await services.handler.handle(invoice(f"i{number}"), caller)
    await asyncio.gather(
        *(
            service.handler.handle(ReconcileInvoice(invoice_id=f"i{number}"), caller)
            for number in range(5)
            for service in (services, elsewhere, services)
        )
    )
    await elsewhere.appender.close()
    everything = [await known(pool, site, f"i{number}") for number in range(5)]
    assert [len(orders) for _, orders in everything] == [3] * 5
    ids = [order.id for _, orders in everything for order in orders]
    assert len(set(ids)) == 15
    assert await pool.fetchval("SELECT count(*) FROM ledger.order_view WHERE site = $1", site) == 15


async def test_an_imported_id_that_is_in_the_way_is_stepped_over(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    for command in (invoice("other"), ChangeSettings(settings=ENABLED), invoice()):
        await services.handler.handle(command, caller)
    born = ImportOrder(
        id="2", invoice_id="other", status=OrderStatus.QUEUED, created_at=1, order_date=1, shipping_date=1
    )
    await services.handler.handle(born, caller)
    # As if the number had been handed out before the import.
    await pool.execute("UPDATE ledger.number_series SET next = 1 WHERE site = $1 AND series = 'order'", site)
    await services.handler.handle(RECONCILE, caller)
    _, orders = await known(pool, site)
    assert [order.id for order in orders] == ["4", "5", "6"]


async def test_settings_are_those_before_the_invoice_also_for_who_comes_later(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    lead = ChangeSettings(settings={"shipping_rule": {"type": "lead_time", "days": 2}})
    for command in (ChangeSettings(settings=ENABLED), invoice(), lead, invoice("j")):
        await services.handler.handle(command, caller)
    appender = Appender(pool)
    newcomer = CommandHandler(Store(pool), appender, row_of=order_row)
    for invoice_id in ("i", "j"):
        await newcomer.handle(ReconcileInvoice(invoice_id=invoice_id), caller)
    await appender.close()
    before, after = [(await known(pool, site, invoice_id))[1][0] for invoice_id in ("i", "j")]
    assert (before.shipping_date, after.shipping_date) == (START, START + 2 * DAY)


async def test_a_credit_note_is_found_by_its_invoice(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    described = {"id": "CN-9", "type": "refundable", "status": "refund_due", "total": 5, "reference_invoice_id": "i"}
    note = RecordCreditNote(credit_note_id="CN-9", invoice_id="i", description=described)
    for command in (ChangeSettings(settings=ENABLED), note, note, invoice(), RECONCILE):
        await services.handler.handle(command, caller)
    assert await Store(pool).credit_note_ids_of_invoice(site, "i") == ["CN-9"]
    _, orders = await known(pool, site)
    assert [note.id for order in orders for note in order.linked_credit_notes] == ["CN-9"]


async def test_an_order_for_several_subscriptions_is_found_by_each(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    shared = {"entity_type": "addon_item_price", "amount": 100, "date_from": START, "date_to": START + DAY}
    lines = [shared | {"id": f"li_{number}", "subscription_id": f"sub_{number}"} for number in (1, 2)]
    one_parcel = ChangeSettings(settings=ENABLED | {"single_order_with_multiple_items": True})
    for command in (one_parcel, invoice(line_items=lines), invoice("alone", subscription_id="sub_2")):
        await services.handler.handle(command, caller)

    async def found() -> list[tuple[str, str]]:
        rows = await pool.fetch(query("invoices_of_subscriptions"), site, ["sub_1", "sub_2", "sub_3"])
        return sorted((row["subscription_id"], row["invoice_id"]) for row in rows)

    assert await found() == []
    for invoice_id in ("i", "alone"):
        await services.handler.handle(ReconcileInvoice(invoice_id=invoice_id), caller)
    assert await found() == [("sub_1", "i"), ("sub_2", "alone"), ("sub_2", "i")]
    _, [order] = await known(pool, site)
    assert (order.subscription_id, len(order.order_line_items)) == (None, 2)


class WatchedStore(Store):
    """A store that remembers which streams were read."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self.read: list[StreamId] = []

    async def load_streams(
        self, site: Site, streams: Iterable[StreamId], *, after: Mapping[StreamId, int] | None = None
    ) -> dict[StreamId, list[RecordedEvent]]:
        wanted = list(streams)
        self.read += wanted
        return await super().load_streams(site, wanted, after=after or {})


async def test_where_nothing_is_to_be_done_nothing_but_invoice_and_settings_is_read(
    services: Services, pool: asyncpg.Pool, site: Site, caller: Caller
) -> None:
    await services.handler.handle(invoice(is_gifted=True), caller)
    store = WatchedStore(pool)
    appender = Appender(pool)
    await CommandHandler(store, appender, row_of=order_row).handle(RECONCILE, caller)
    await appender.close()
    assert sorted(store.read) == sorted([SETTINGS_STREAM, invoice_stream("i")])

"""The generation process: orders come of invoices once, whatever is late, repeated, out of order or killed."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.commands import ChangeSettings, CreateRefundableCreditNote
from ledger.consumer import ConsumerCheckpoint, catch_up
from ledger.envelope import Envelope
from ledger.errors import TemporaryError
from ledger.ids import Position, Site
from ledger.limits import PARKED_INVOICE_RETRY_MS_MIN
from ledger.processes.parked_invoices import ParkedInvoice, ParkedInvoices
from ledger.store import Store
from ledger.vocabulary import CreditNoteReason
from ops.serving.processes import generation_of
from tests.api.chargebee_events import chargebee_event
from tests.conftest import new_site
from tests.ledger.given import imported
from tests.ledger.processes.billing_story import (
    BEGIN,
    DAY,
    GENERATING,
    INVOICE_ID,
    STORY,
    credit_note,
    invoice,
    paid,
    take_in,
)
from tests.ledger.processes.given import NOW, Hands, envelopes, generate, orders_of, run, service

REASON = CreditNoteReason.WAIVER

# What two orders that came of the same are free to differ in.
_OWN = {"id", "resource_version", "updated_at", "created_at", "status_update_at", "cancelled_at"}


def told(orders: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_without_ids(order) for order in orders]


def _without_ids(order: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in order.items() if name not in _OWN}
    plain["order_line_items"] = [
        {name: value for name, value in line.items() if name != "id"} for line in plain["order_line_items"]
    ]
    return plain


async def generated(pool: asyncpg.Pool, site: Site) -> list[Envelope]:
    return await envelopes(pool, site, "order.generated", "invoice.orders_generated")


async def parked(pool: asyncpg.Pool, site: Site) -> list[ParkedInvoice]:
    return await ParkedInvoices(pool, lambda: 0).all_of(site, 100)


async def test_a_paid_invoice_brings_its_orders_about_and_every_event_names_the_cause(
    pool: asyncpg.Pool, site: Site
) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        await take_in(services, site, chargebee_event("invoice_generated", invoice=invoice(1)))
        await generate(services, site)
        assert await orders_of(pool, site) == []
        await take_in(services, site, chargebee_event("payment_succeeded", invoice=paid(2)))
        await generate(services, site)
    orders = await orders_of(pool, site)
    assert [(order["order_date"], order["total"], order["status"]) for order in orders] == [
        (BEGIN, 10_000, "queued"),
        (BEGIN + 59 * DAY, 10_000, "queued"),
        (BEGIN + 120 * DAY, 10_000, "queued"),
    ]
    assert {order["created_by"] for order in orders} == {"system"}
    [cause] = await envelopes(pool, site, "invoice.updated")
    for event in await generated(pool, site):
        assert (event.metadata.actor, event.metadata.actor_kind) == ("system", "system")
        assert event.metadata.source == "system"
        assert event.metadata.causation_id == cause.event_id
        assert event.metadata.correlation_id == cause.metadata.correlation_id


async def test_a_page_that_comes_again_after_a_kill_changes_nothing(pool: asyncpg.Pool, site: Site) -> None:
    """The events are in the log before the checkpoint moves, so this is what a kill in between leaves."""
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        for event in STORY:
            await take_in(services, site, event)
        page = await services.store.read_log(site, after=Position(0))
        async with pool.acquire() as connection:
            for _ in range(3):
                await generation_of(services).handle(connection, site, page)
        assert await ConsumerCheckpoint(pool, site, "generation").load() == 0
        before = await services.store.head_position(site)
        await generate(services, site)
        assert await services.store.head_position(site) == before
    assert len(await orders_of(pool, site)) == 3


async def test_two_services_make_each_order_once(pool: asyncpg.Pool, site: Site) -> None:
    hands = Hands()
    async with service(pool, hands) as one, service(pool, hands) as other:
        await run(one, site, GENERATING)
        for number in range(10):
            await take_in(one, site, chargebee_event("invoice_generated", invoice=paid(1, f"inv_{number}")))
        page = await one.store.read_log(site, after=Position(0))
        async with pool.acquire() as first, pool.acquire() as second:
            await asyncio.gather(
                generation_of(one).handle(first, site, page), generation_of(other).handle(second, site, page)
            )
        await asyncio.gather(generate(one, site), generate(other, site))
    orders = await orders_of(pool, site)
    assert sorted((order["invoice_id"], order["order_date"]) for order in orders) == sorted(
        {(order["invoice_id"], order["order_date"]) for order in orders}
    )
    assert len(orders) == 30
    assert await parked(pool, site) == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_the_order_of_deliveries_makes_no_difference(pool: asyncpg.Pool, data: st.DataObject) -> None:
    deliveries = data.draw(st.permutations([*STORY, *data.draw(st.lists(st.sampled_from(STORY), max_size=3))]))
    looks = data.draw(st.lists(st.booleans(), min_size=len(deliveries), max_size=len(deliveries)))
    straight, shuffled = await new_site(pool), await new_site(pool)
    async with service(pool, Hands()) as services:
        for site, events, is_looked_at in (
            (straight, STORY, [True] * len(STORY)),
            (shuffled, deliveries, looks),
        ):
            await run(services, site, GENERATING)
            for event, looked_at in zip(events, is_looked_at, strict=True):
                await take_in(services, site, event)
                if looked_at:
                    await generate(services, site)
            await generate(services, site)
    expected = told(await orders_of(pool, straight))
    assert [order["status"] for order in expected] == ["queued", "cancelled", "cancelled"]
    assert told(await orders_of(pool, shuffled)) == expected


async def test_while_generation_is_off_invoices_bring_nothing_about(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        for event in STORY[:3]:
            await take_in(services, site, event)
        await generate(services, site)
        await run(services, site, GENERATING)
        await take_in(services, site, chargebee_event("invoice_updated", invoice=paid(9)))
        await generate(services, site)
        assert await orders_of(pool, site) == []
        # It applies to invoices that come afterwards.
        await take_in(services, site, chargebee_event("invoice_generated", invoice=paid(1, "inv_2")))
        await generate(services, site)
    assert {order["invoice_id"] for order in await orders_of(pool, site)} == {"inv_2"}


async def test_an_invoice_keeps_the_setting_that_it_came_under(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        await take_in(services, site, STORY[0])
        await run(services, site, ChangeSettings(settings={"order_generation_enabled": False}))
        await take_in(services, site, STORY[1])
        # A process that starts now knows the settings of today, and finds what they were.
        await generate(services, site)
    assert len(await orders_of(pool, site)) == 3


@pytest.mark.parametrize(("told_by", "status"), [("the note", "refunded"), ("the invoice", "voided")])
async def test_the_state_of_a_credit_note_reaches_orders_while_generation_is_off(
    pool: asyncpg.Pool, site: Site, told_by: str, status: str
) -> None:
    async with service(pool, Hands()) as services:
        await take_in(services, site, STORY[1])
        await run(services, site, imported("1", INVOICE_ID))
        await run(services, site, CreateRefundableCreditNote(order_id="1", reason_code=REASON, total=500))
        [order] = await orders_of(pool, site)
        [note] = order["linked_credit_notes"]
        assert note["status"] == "refund_due"
        if told_by == "the note":
            members = {"id": note["id"], "total": 500, "status": status, "amount_refunded": 500}
            event = chargebee_event("credit_note_updated", credit_note=credit_note(9, **members))
        else:
            listed = {"cn_id": note["id"], "cn_total": 500, "cn_status": status}
            event = chargebee_event("invoice_updated", invoice=paid(9, issued_credit_notes=[listed]))
        await take_in(services, site, event)
        cause = (await envelopes(pool, site))[-1]
        await generate(services, site)
        [order] = await orders_of(pool, site)
        assert [(each["id"], each["status"]) for each in order["linked_credit_notes"]] == [(note["id"], status)]
        [changed] = await envelopes(pool, site, "order.invoice_updated")
        assert changed.metadata.causation_id == cause.event_id


async def test_what_belongs_to_an_invoice_that_has_not_come_is_no_trouble(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        note = credit_note(1, id="CN-7", reference_invoice_id="nobody")
        await take_in(services, site, chargebee_event("credit_note_created", credit_note=note))
        await take_in(services, site, chargebee_event("credit_note_created", credit_note=credit_note(1)))
        await take_in(services, site, STORY[6])
        gift = {"id": "g", "status": "claimed", "gifter": {"invoice_id": "nobody"}}
        await take_in(services, site, chargebee_event("gift_claimed", gift=gift))
        await generate(services, site)
    assert await orders_of(pool, site) == []
    assert await parked(pool, site) == []


async def test_an_invoice_that_cannot_be_done_is_parked_while_the_others_move_on(
    pool: asyncpg.Pool, site: Site, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    hands = Hands()
    async with service(pool, hands) as services:
        await run(services, site, GENERATING)
        for number in range(3):
            await take_in(services, site, chargebee_event("invoice_generated", invoice=paid(1, f"inv_{number}")))
        stream = "invoice-inv_1"
        [good] = await pool.fetch(
            "SELECT body, position FROM ledger.event WHERE site = $1 AND stream = $2", site, stream
        )
        spoil = "UPDATE ledger.event SET body = $3 WHERE site = $1 AND stream = $2"
        await owner.execute(spoil, site, stream, b"{}")
        generation = generation_of(services)
        await catch_up(pool, generation, site)
        assert {order["invoice_id"] for order in await orders_of(pool, site)} == {"inv_0", "inv_2"}
        [waiting] = await parked(pool, site)
        assert (waiting.invoice_id, waiting.position, waiting.attempts) == ("inv_1", good["position"], 1)
        assert waiting.next_at == hands() + PARKED_INVOICE_RETRY_MS_MIN
        assert "inv_1" in caplog.text
        assert "Secret" not in caplog.text + waiting.reason

        await generation.retry_parked()
        assert [each.attempts for each in await parked(pool, site)] == [1]
        hands.now += PARKED_INVOICE_RETRY_MS_MIN // 1000
        await generation.retry_parked()
        [waiting] = await parked(pool, site)
        assert (waiting.attempts, waiting.next_at) == (2, hands() + 2 * PARKED_INVOICE_RETRY_MS_MIN)
        assert waiting.parked_at == NOW * 1000

        await owner.execute(spoil, site, stream, good["body"])
        hands.now += 2 * PARKED_INVOICE_RETRY_MS_MIN // 1000
        await generation.retry_parked()
        assert await parked(pool, site) == []
    assert {order["invoice_id"] for order in await orders_of(pool, site)} == {"inv_0", "inv_1", "inv_2"}


async def test_news_of_a_parked_invoice_are_tried_at_once(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        await ParkedInvoices(pool, Hands()).park(site, INVOICE_ID, Position(1), "It could not be done.")
        await take_in(services, site, STORY[1])
        await generate(services, site)
    assert await parked(pool, site) == []
    assert len(await orders_of(pool, site)) == 3


async def test_the_process_reads_what_its_own_orders_do_and_stops(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, GENERATING)
        await take_in(services, site, STORY[1])
        for _ in range(3):
            await generate(services, site)
            head = await Store(pool).head_position(site)
        await generate(services, site)
        assert await Store(pool).head_position(site) == head


async def test_an_outage_parks_nothing_and_the_page_comes_again(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services, service(pool, Hands()) as stopping:
        await run(services, site, GENERATING)
        await take_in(services, site, STORY[1])
        await stopping.appender.close()  # it refuses commands as it does when the database is away
        with pytest.raises(ExceptionGroup) as failed:
            await generate(stopping, site)
        assert failed.group_contains(TemporaryError)
        assert await parked(pool, site) == []
        assert await ConsumerCheckpoint(pool, site, "generation").load() == 0
        await generate(services, site)
    assert len(await orders_of(pool, site)) == 3

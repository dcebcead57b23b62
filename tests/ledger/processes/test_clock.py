"""The clock: dates of orders are told soon after they are reached, once, whoever looks and however often."""

import asyncio

import asyncpg
import pytest

from ledger.commands import CancelOrder, DeleteOrder, UpdateOrder
from ledger.events import OrderChanges
from ledger.ids import Site
from ledger.limits import CLOCK_ORDERS_AT_ONCE, CLOCK_RETRY_S
from ledger.sql import query
from ledger.vocabulary import CancellationReason, OrderStatus
from ops.serving.processes import clock_of
from tests.ledger.given import imported, invoice
from tests.ledger.processes.given import NOW, Hands, envelopes, follow_clock, run, service

READY = ("order.ready_to_process", "order.ready_to_ship")
DAY = 86_400


async def told(pool: asyncpg.Pool, site: Site) -> list[tuple[str, str]]:
    return [(each.stream, each.type) for each in await envelopes(pool, site, *READY)]


async def rows(pool: asyncpg.Pool, site: Site) -> list[tuple[str, str, int]]:
    found = await pool.fetch("SELECT * FROM ledger.order_clock WHERE site = $1 ORDER BY order_id, date", site)
    return [(row["order_id"], row["date"], row["due_at"]) for row in found]


async def test_dates_are_told_when_they_are_reached_and_not_before(pool: asyncpg.Pool, site: Site) -> None:
    hands = Hands()
    async with service(pool, hands) as services:
        clock = clock_of(services)
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW + 10, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        hands.now = NOW + 9
        await clock.look()
        assert await told(pool, site) == []
        hands.now = NOW + 10
        await clock.look()
        assert await told(pool, site) == [("order-1", "order.ready_to_process")]
        assert await rows(pool, site) == [("1", "shipping_date", NOW + DAY)]
        hands.now = NOW + DAY
        await clock.look()
        await clock.look()
    assert await told(pool, site) == [("order-1", each) for each in READY]
    assert await rows(pool, site) == []


async def test_what_the_clock_tells_is_said_to_come_from_a_scheduled_job(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW - 10, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        await clock_of(services).look()
    [event] = await envelopes(pool, site, *READY)
    assert (event.metadata.actor, event.metadata.actor_kind, event.metadata.source) == (
        "system",
        "system",
        "scheduled_job",
    )
    assert event.metadata.origin_user is None
    assert event.data == {"order_date": NOW - 10}
    assert event.document is not None


async def test_an_order_of_years_ago_that_is_still_queued_is_told_once_when_it_comes_in(
    pool: asyncpg.Pool, site: Site
) -> None:
    hands = Hands()
    long_ago = NOW - 5 * 365 * DAY
    async with service(pool, hands) as services:
        await run(services, site, invoice())
        await run(services, site, imported("old", order_date=long_ago, shipping_date=long_ago))
        await run(services, site, imported("sent", status=OrderStatus.SHIPPED, order_date=long_ago))
        for _ in range(3):
            await follow_clock(services, site)
            await clock_of(services).look()
            hands.now += DAY
    assert sorted(await told(pool, site)) == [("order-old", each) for each in READY]


async def test_a_date_that_moves_into_the_future_is_told_again(pool: asyncpg.Pool, site: Site) -> None:
    hands = Hands()
    async with service(pool, hands) as services:
        clock = clock_of(services)
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        await clock.look()
        await run(services, site, UpdateOrder(order_id="1", changes=OrderChanges(order_date=NOW + 50)))
        await follow_clock(services, site)
        await clock.look()
        assert await told(pool, site) == [("order-1", READY[0])]
        hands.now = NOW + 50
        await clock.look()
        await follow_clock(services, site)
        await clock.look()
    assert await told(pool, site) == [("order-1", READY[0])] * 2


async def test_a_date_that_moves_while_it_is_looked_at_is_not_lost(pool: asyncpg.Pool, site: Site) -> None:
    hands = Hands()
    async with service(pool, hands) as services:
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        # It was moved, and the consumer has not come to it: the table still says NOW.
        await run(services, site, UpdateOrder(order_id="1", changes=OrderChanges(order_date=NOW + 50)))
        await clock_of(services).look()
        assert await told(pool, site) == []
        await follow_clock(services, site)
        assert ("1", "order_date", NOW + 50) in await rows(pool, site)


async def test_orders_that_go_no_further_are_not_looked_at(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, invoice())
        for order_id in ("cancelled", "deleted", "held", "other"):
            await run(services, site, imported(order_id, order_date=NOW + 5, shipping_date=NOW + 6))
        await follow_clock(services, site)
        assert len(await rows(pool, site)) == 8
        reason = CancellationReason.OTHERS
        await run(services, site, CancelOrder(order_id="cancelled", cancellation_reason=reason))
        await run(services, site, DeleteOrder(order_id="deleted"))
        held = OrderChanges(status=OrderStatus.ON_HOLD)
        await run(services, site, UpdateOrder(order_id="held", changes=held))
        await follow_clock(services, site)
        assert {order_id for order_id, _, _ in await rows(pool, site)} == {"other"}
        queued = OrderChanges(status=OrderStatus.QUEUED)
        await run(services, site, UpdateOrder(order_id="held", changes=queued))
        await follow_clock(services, site)
        assert {order_id for order_id, _, _ in await rows(pool, site)} == {"held", "other"}


async def test_an_update_of_something_else_costs_no_look(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW, shipping_date=NOW))
        await follow_clock(services, site)
        await clock_of(services).look()
        await run(services, site, UpdateOrder(order_id="1", changes=OrderChanges(note="ring twice")))
        await follow_clock(services, site)
        assert await rows(pool, site) == []


async def test_several_services_that_look_at_once_tell_each_date_once(pool: asyncpg.Pool, site: Site) -> None:
    hands = Hands()
    async with service(pool, hands) as one, service(pool, hands) as other:
        await run(one, site, invoice())
        for number in range(20):
            await run(one, site, imported(f"{number}", order_date=NOW, shipping_date=NOW))
        await asyncio.gather(follow_clock(one, site), follow_clock(other, site))
        clocks = [clock_of(each) for each in (one, other, one, other)]
        await asyncio.gather(*(clock.look() for clock in clocks))
        assert await rows(pool, site) == []
    found = await told(pool, site)
    assert len(found) == 40
    assert len(set(found)) == 40


async def test_a_kill_between_telling_and_noting_it_tells_nothing_twice(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services:
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        before = await pool.fetch("SELECT * FROM ledger.order_clock WHERE site = $1", site)
        await clock_of(services).look()
        await pool.execute("DELETE FROM ledger.order_clock WHERE site = $1", site)
        await pool.executemany(
            "INSERT INTO ledger.order_clock (site, order_id, date, due_at, look_at) VALUES ($1, $2, $3, $4, $5)",
            [tuple(row) for row in before],
        )
        await clock_of(services).look()
    assert await told(pool, site) == [("order-1", READY[0])]


async def test_many_orders_are_told_in_small_batches_the_longest_due_first(pool: asyncpg.Pool, site: Site) -> None:
    extra = 5
    async with service(pool, Hands()) as services:
        await pool.executemany(
            "INSERT INTO ledger.order_clock (site, order_id, date, due_at, look_at) VALUES ($1, $2, $3, $4, $4)",
            [
                (site, f"gone-{number:04}", "order_date", NOW - 1000 + number)
                for number in range(CLOCK_ORDERS_AT_ONCE + extra)
            ],
        )
        await clock_of(services).look()
        left = [order_id for order_id, _, _ in await rows(pool, site)]
        assert left == [f"gone-{CLOCK_ORDERS_AT_ONCE + number:04}" for number in range(extra)]
        await clock_of(services).look()
        assert await rows(pool, site) == []


async def test_an_order_that_cannot_be_read_holds_up_no_other(
    pool: asyncpg.Pool, site: Site, owner: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    hands = Hands()
    async with service(pool, hands) as services:
        await run(services, site, invoice())
        await run(services, site, imported("broken", order_date=NOW - 1, shipping_date=NOW + DAY, note="secret"))
        await run(services, site, imported("sound", order_date=NOW, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        await owner.execute("UPDATE ledger.event SET body = '{}' WHERE site = $1 AND stream = 'order-broken'", site)
        await clock_of(services).look()
        types = await pool.fetch("SELECT stream FROM ledger.event WHERE site = $1 AND type = $2", site, READY[0])
        assert [row["stream"] for row in types] == ["order-sound"]
        assert "order broken" in caplog.text
        assert "secret" not in caplog.text
        waiting = "SELECT look_at FROM ledger.order_clock WHERE site = $1 AND order_id = 'broken' ORDER BY look_at"
        for _ in range(2):
            await clock_of(services).look()
            assert [row["look_at"] for row in await pool.fetch(waiting, site)] == [hands.now + CLOCK_RETRY_S, NOW + DAY]
            hands.now += CLOCK_RETRY_S


async def test_an_outage_loses_no_date(pool: asyncpg.Pool, site: Site) -> None:
    async with service(pool, Hands()) as services, service(pool, Hands()) as stopping:
        await run(services, site, invoice())
        await run(services, site, imported("1", order_date=NOW, shipping_date=NOW + DAY))
        await follow_clock(services, site)
        await stopping.appender.close()  # it refuses commands as it does when the database is away
        await clock_of(stopping).look()
        assert await told(pool, site) == []
        await clock_of(services).look()
    assert await told(pool, site) == [("order-1", READY[0])]


async def test_the_index_of_due_dates_leads_without_sorting(pool: asyncpg.Pool, site: Site) -> None:
    """Few rows would be read and sorted at once, so what is asked is whether the index can do it."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = await connection.fetch("EXPLAIN " + query("due_orders"), site, NOW, 100)
    text = "\n".join(row[0] for row in plan)
    assert "order_clock_due" in text
    assert "Sort" not in text

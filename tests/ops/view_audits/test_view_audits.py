"""Verification compares every view that answers are made of, names what differs, and blames no view without reason."""

import random
from typing import Any

import asyncpg
import pytest

from ledger.consumer import ConsumerCheckpoint, catch_up
from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.merkle.faults import as_document
from ledger.store import Store
from ledger.transparency.log_audit import ViewChecked
from ops.view_audits import by_order
from ops.view_audits.by_order import whole_orders
from ops.view_audits.comparison import unequal
from projections.changes.index import ChangeIndex
from projections.changes.owners import OwnersInLog
from projections.changes.row import rows_of
from projections.past.consumer import CONSUMER as VERSIONS
from projections.past.consumer import OrderVersions
from projections.past.rebuild import VersionsRebuild
from projections.rebuild.parking import ORDERS
from projections.rebuild.rebuild import Rebuild
from tests.conftest import new_site
from tests.ops.view_audits.given import checked
from tests.projections.changes.life import live, whole_log

VIEWS = ("orders", "order_versions", "order_version_documents", "order_version_pages", "changes")


async def faults(pool: asyncpg.Pool, site: Site) -> dict[str, dict[str, Any]]:
    """The first fault of each view that has one."""
    found = await checked(pool, site)
    return {each.view: as_document(each.fault) for each in found.views if each.fault}  # type: ignore[arg-type]


async def follow(pool: asyncpg.Pool, consumer: Any, site: Site, until: int, page_size: int) -> None:
    """Let a consumer come to a position."""
    last = await ConsumerCheckpoint(pool, site, consumer.name).load()
    while last < until:
        page = await Store(pool).read_log(site, after=last, limit=min(page_size, until - last))
        async with pool.acquire() as connection, connection.transaction():
            assert await ConsumerCheckpoint(connection, site, consumer.name).advance(last, page[-1].position)
            await consumer.handle(connection, site, page)
        last = page[-1].position


@pytest.mark.parametrize("seed", range(4))
async def test_views_are_sound_wherever_their_consumers_stand(
    pool: asyncpg.Pool, site: Site, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where pages are small, and at the beginning."""
    monkeypatch.setattr(by_order, "ORDER_PAGE_EVENTS", 11)
    dice = random.Random(seed)
    await live(pool, site, seed=seed, commands=80)
    size = await Store(pool).head_position(site) or 0
    for step in range(4):
        reached = {}
        for consumer in (ChangeIndex(), OrderVersions()):
            last = await ConsumerCheckpoint(pool, site, consumer.name).load()
            reached[consumer.name] = size if step == 3 else dice.randrange(last, size + 1) if step else 0
            await follow(pool, consumer, site, reached[consumer.name], dice.randrange(1, 40))
        found = await checked(pool, site)
        assert found.fault is None, found.fault.sentence
        assert tuple(each.view for each in found.views) == VIEWS
        orders, versions, documents, times, changes = found.views
        assert (orders.rows, orders.position) == (6, size)
        assert changes.rows == changes.position == reached["changes"]
        assert documents.rows == await pool.fetchval(
            "SELECT count(*) FROM ledger.order_version_document WHERE site = $1", site
        )
        assert versions.position == documents.position == times.position == reached[VERSIONS]
    assert (orders.rows + versions.rows) == len([each for each in await whole_log(pool, site) if is_order(each)])
    assert all(each.parked == 0 for each in found.views)


def is_order(event: RecordedEvent) -> bool:
    return event.stream.startswith("order-")


async def test_a_site_without_events_is_sound(pool: asyncpg.Pool, site: Site) -> None:
    found = await checked(pool, site)
    assert found.views == tuple(ViewChecked(view, 0, 0, 0, None) for view in VIEWS)


# What is done, to which view, and what the fault must say.
_VERSION = "site = $1 AND id = 'o1' AND version = 2"
_PAGE = "site = $1 AND position = (SELECT max(position) FROM ledger.order_version_page WHERE site = $1)"
DAMAGES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a past status": (
        f"UPDATE ledger.order_version SET status = 'x' WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "order_id": "o1", "version": 2, "column": "status", "shown": "'x'"},
        "The index of past orders says of version 2 of the order 'o1' that status is 'x', but its events come to ",
    ),
    "when a version ended": (
        f"UPDATE ledger.order_version SET to_position = to_position + 1000 WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "version": 2, "column": "to_position"},
        "that to_position is ",
    ),
    "where a version began": (
        f"UPDATE ledger.order_version SET from_position = from_position - 1 WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "version": 2, "column": "from_position"},
        "that from_position is ",
    ),
    "a version that is gone": (
        f"DELETE FROM ledger.order_version WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "order_id": "o1", "version": 2, "finding": "missing"},
        "The index of past orders does not have version 2 of the order 'o1', which it has come past.",
    ),
    "all versions gone": (
        "DELETE FROM ledger.order_version WHERE site = $1",
        "order_versions",
        {"kind": "version_differs", "order_id": "o0", "version": 1, "finding": "missing"},
        "does not have version 1 of the order 'o0'",
    ),
    "a version that comes twice": (
        "INSERT INTO ledger.order_version SELECT (jsonb_populate_record(order_version, '{\"from_ms\": 1}')).* "
        f"FROM ledger.order_version WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "order_id": "o1", "version": 2},
        "version 2 of the order 'o1' that ",
    ),
    "a version that is to come": (
        "INSERT INTO ledger.order_version SELECT (jsonb_populate_record(order_version, "
        '\'{"version": 999, "from_position": 100000, "to_position": 100001, "fork": 100000}\')).* '
        f"FROM ledger.order_version WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "order_id": "o1", "version": 999, "finding": "ghost"},
        "has a version 999 of the order 'o1' that the events up to where it has come do not make.",
    ),
    "an order that never was": (
        'INSERT INTO ledger.order_version SELECT (jsonb_populate_record(order_version, \'{"id": "zz"}\')).* '
        f"FROM ledger.order_version WHERE {_VERSION}",
        "order_versions",
        {"kind": "version_differs", "order_id": "zz", "finding": "ghost"},
        "has a version 2 of the order 'zz'",
    ),
    "a past document": (
        "UPDATE ledger.order_version_document SET document = replace(convert_from(document, 'UTF8'), '\"status\":\"', "
        f'\'"status":"x\')::bytea WHERE {_VERSION}',
        "order_version_documents",
        {"kind": "past_document_differs", "order_id": "o1", "version": 2, "finding": "differs"},
        "The document that is kept of version 2 of the order 'o1' is neither what its event says nor what ",
    ),
    "the document of the future": (
        "INSERT INTO ledger.order_version_document SELECT site, id, version + 1, document FROM ledger.order_view "
        "WHERE site = $1 AND id = 'o1'",
        "order_version_documents",
        {"kind": "past_document_differs", "order_id": "o1", "finding": "ghost"},
        "A document is kept of a version ",
    ),
    "the document of an order that never was": (
        "INSERT INTO ledger.order_version_document VALUES ($1, 'zz', 1, '{}')",
        "order_version_documents",
        {"kind": "past_document_differs", "order_id": "zz", "version": 1, "finding": "ghost"},
        "A document is kept of a version 1 of the order 'zz' ",
    ),
    "the latest time": (
        f"UPDATE ledger.order_version_page SET latest_ms = latest_ms + 1 WHERE {_PAGE}",
        "order_version_pages",
        {"kind": "version_times_differ", "column": "latest_ms"},
        "that latest_ms is ",
    ),
    "the largest lag": (
        "UPDATE ledger.order_version_page SET lag_ms_max = 0 WHERE site = $1",
        "order_version_pages",
        {"kind": "version_times_differ", "column": "lag_ms_max", "shown": "0"},
        "that lag_ms_max is 0, but the log says ",
    ),
    "the times gone": (
        f"DELETE FROM ledger.order_version_page WHERE {_PAGE}",
        "order_version_pages",
        {"kind": "version_times_differ", "finding": "missing"},
        "but lacks the times up to there.",
    ),
    "times that are to come": (
        "INSERT INTO ledger.order_version_page VALUES ($1, 100000, 1, 0, 0)",
        "order_version_pages",
        {"kind": "version_times_differ", "finding": "ghost", "position": 100000},
        "has times up to event 100000, which it has not come to.",
    ),
    "an actor": (
        "UPDATE ledger.change SET actor = 'somebody' WHERE site = $1 AND position = 9",
        "changes",
        {"kind": "change_differs", "position": 9, "column": "actor", "shown": "'somebody'"},
        "The index of the log says of event 9 that its actor is 'somebody', but the log says ",
    ),
    "an order's invoice": (
        "UPDATE ledger.change SET invoice_id = 'other' WHERE site = $1 AND position = 9",
        "changes",
        {"kind": "change_differs", "position": 9, "column": "invoice_id"},
        "that its invoice_id is 'other'",
    ),
    "a time of an event": (
        "UPDATE ledger.change SET recorded_at = recorded_at - 1 WHERE site = $1 AND position = 20",
        "changes",
        {"kind": "change_differs", "position": 20, "column": "recorded_at"},
        "that its recorded_at is ",
    ),
    "an event that is gone": (
        "DELETE FROM ledger.change WHERE site = $1 AND position = 20",
        "changes",
        {"kind": "change_differs", "position": 20, "finding": "missing"},
        "The index of the log does not have event 20, which it has come past.",
    ),
    "an event that is to come": (
        "INSERT INTO ledger.change SELECT (jsonb_populate_record(change, '{\"position\": 100000}')).* "
        "FROM ledger.change WHERE site = $1 AND position = 9",
        "changes",
        {"kind": "change_differs", "position": 100000, "finding": "ghost"},
        "has an event 100000 where it has none, or has not come to it.",
    ),
    "a checkpoint set back": (
        "UPDATE ledger.consumer SET position = 10 WHERE site = $1 AND name = 'changes'",
        "changes",
        {"kind": "change_differs", "position": 11, "finding": "ghost"},
        "has an event 11",
    ),
    "a checkpoint set ahead": (
        "UPDATE ledger.consumer SET position = 100000 WHERE site = $1 AND name = 'changes'",
        "changes",
        {"kind": "view_ahead", "view": "changes", "position": 100000},
        "The view changes has come to event 100000, but the log ends at ",
    ),
    "an order as it is": (
        "UPDATE ledger.order_view SET status = 'x' WHERE site = $1 AND id = 'o1'",
        "orders",
        {"kind": "view_differs", "order_id": "o1", "path": "column.status", "shown": "'x'"},
        "The view of the order 'o1' says column.status is 'x', but its events come to ",
    ),
    "an invoice of an order": (
        "UPDATE ledger.order_view SET invoice_id = 'other', business_entity_id = 'other' WHERE site = $1 AND id = 'o1'",
        "orders",
        {"kind": "view_differs", "order_id": "o1", "path": "column.invoice_id"},
        "says column.invoice_id is 'other'",
    ),
    "the last order": (
        "DELETE FROM ledger.order_view WHERE site = $1 AND id = 'o5'",
        "orders",
        {"kind": "view_differs", "order_id": "o5", "finding": "missing"},
        "The view does not show the order 'o5', which has events.",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_what_is_done_to_a_view_is_named_and_no_other_view_is_blamed(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site, damage: str
) -> None:
    statement, view, members, sentence = DAMAGES[damage]
    assert await owner.execute(statement, lived) not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}
    found = await faults(pool, lived)
    assert list(found) == [view]
    assert members.items() <= found[view].items()
    assert sentence in found[view]["sentence"]


async def test_documents_that_are_not_kept_or_made_by_another_version_are_no_fault(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site
) -> None:
    """Those that have the digest of the answer, and those that the events come to where no event has one."""
    await owner.execute("DELETE FROM ledger.order_version_document WHERE site = $1 AND version = 2", lived)
    assert await faults(pool, lived) == {}
    await owner.execute(
        "UPDATE ledger.event SET body = "
        "replace(convert_from(body, 'UTF8'), '\"document\":\"', '\"document\":\"0')::bytea WHERE site = $1",
        lived,
    )
    assert await faults(pool, lived) == {}


async def test_each_view_has_its_own_first_fault(pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site) -> None:
    for table in ("order_view", "order_version", "order_version_page", "change"):
        await owner.execute(f"DELETE FROM ledger.{table} WHERE site = $1", lived)
    await owner.execute("UPDATE ledger.order_version_document SET document = '' WHERE site = $1", lived)
    found = await checked(pool, lived)
    assert [each.fault is not None for each in found.views] == [True] * 5
    assert [each.rows for each in found.views] == [0] * 5
    assert found.fault is found.views[0].fault


async def test_sites_are_not_mixed_up(pool: asyncpg.Pool, lived: Site) -> None:
    other = await new_site(pool)
    await live(pool, other, seed=8, commands=40)
    assert (await checked(pool, lived)).fault is None
    assert (await checked(pool, other)).fault is None


async def break_event(owner: asyncpg.Connection, site: Site, order_id: str, version: int) -> None:
    """What a version of the code that cannot read this event would meet; the log itself is somebody else's matter."""
    await owner.execute(
        "UPDATE ledger.event SET body = replace(convert_from(body, 'UTF8'), '\"schema\":', '\"schema\":9')::bytea "
        "WHERE site = $1 AND stream = $2 AND version = $3",
        site,
        f"order-{order_id}",
        version,
    )


async def test_orders_that_cannot_be_read_and_are_parked_are_counted_and_no_fault(
    pool: asyncpg.Pool, site: Site, owner: asyncpg.Connection
) -> None:
    await live(pool, site, seed=7, commands=150)
    await break_event(owner, site, "o1", 3)
    for consumer in (ChangeIndex(), OrderVersions()):
        await catch_up(pool, consumer, site)
    await Rebuild(pool, site).run()
    found = await checked(pool, site)
    assert found.fault is None, found.fault.sentence
    assert {each.view: each.parked for each in found.views} == dict.fromkeys(VIEWS, 0) | {
        "orders": 1,
        "order_versions": 1,
    }

    # The versions before it are compared all the same.
    await owner.execute("UPDATE ledger.order_version SET status = 'x' WHERE site = $1 AND id = 'o1'", site)
    found = await checked(pool, site)
    assert found.fault is not None
    assert "version 1 of the order 'o1' that status is 'x'" in found.fault.sentence


async def test_an_order_that_cannot_be_read_and_is_not_parked_is_a_fault(
    pool: asyncpg.Pool, lived: Site, owner: asyncpg.Connection
) -> None:
    await break_event(owner, lived, "o1", 3)
    found = await faults(pool, lived)
    assert found["orders"]["kind"] == "order_unreadable"
    assert (found["orders"]["view"], found["orders"]["order_id"]) == (ORDERS, "o1")
    assert (found["order_versions"]["kind"], found["order_versions"]["order_id"]) == ("order_unreadable", "o1")
    assert list(found) == ["orders", "order_versions"]
    await VersionsRebuild(pool, lived).run()
    assert list(await faults(pool, lived)) == ["orders"]
    # What another version of the code could read is left out; what can be read is compared.
    await owner.execute("UPDATE ledger.order_version SET status = 'x' WHERE site = $1 AND id = 'o1'", lived)
    found = await faults(pool, lived)
    assert (found["order_versions"]["kind"], found["order_versions"]["version"]) == ("version_differs", 1)


async def test_parking_an_order_that_can_be_read_hides_nothing(
    pool: asyncpg.Pool, lived: Site, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "INSERT INTO ledger.parked (site, projection, stream, position, version, reason, parked_at) "
        "SELECT $1, view, 'order-o1', 1, 1, 'hidden', 1 FROM unnest(ARRAY['orders', 'order_versions']) AS view",
        lived,
    )
    assert await faults(pool, lived) == {}
    await owner.execute("UPDATE ledger.order_view SET status = 'x' WHERE site = $1 AND id = 'o1'", lived)
    await owner.execute("DELETE FROM ledger.order_version WHERE site = $1 AND id = 'o1'", lived)
    assert list(await faults(pool, lived)) == ["orders", "order_versions"]


@pytest.mark.parametrize("page_events", [1, 2, 5, 1_000])
async def test_orders_are_folded_whole_whatever_the_pages_are(
    pool: asyncpg.Pool, lived: Site, page_events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_order, "ORDER_PAGE_EVENTS", page_events)
    async with pool.acquire() as connection, connection.transaction():
        pages = [page async for page in whole_orders(connection, lived)]
    assert all(pages)
    found = [order for page in pages for order in page]
    assert [order.order_id for order in found] == [f"o{number}" for number in range(6)]
    events = [event for order in found for event in order.events]
    assert events == sorted(
        filter(is_order, await whole_log(pool, lived)), key=lambda each: (each.stream, each.version)
    )


async def test_owners_of_the_log_are_those_of_the_view(pool: asyncpg.Pool, lived: Site) -> None:
    """Also when none is remembered."""
    log = await whole_log(pool, lived)
    for owners in (OwnersInLog(), OwnersInLog(remembered_max=0), OwnersInLog(remembered_max=2)):
        for start in range(0, len(log), 13):
            page = log[start : start + 13]
            assert await rows_of(pool, lived, page, owners=owners) == await rows_of(pool, lived, page)


def test_rows_are_merged_by_their_key() -> None:
    def found(shown: list[tuple[int, str]], expected: list[tuple[int, str]]) -> list[Any]:
        return list(unequal(shown, expected, lambda row: row[0]))

    a, b, c, other = (1, "a"), (2, "b"), (3, "c"), (2, "other")
    assert found([a, b, c], [a, b, c]) == []
    assert found([], []) == []
    assert found([a, c], [a, b, c]) == [(None, b)]
    assert found([a, b, c], [a, c]) == [(b, None)]
    assert found([a, other, c], [a, b, c]) == [(other, b)]
    assert found([a, b, b, c], [a, b, c]) == [(b, None)]
    assert found([], [a, b]) == [(None, a), (None, b)]
    assert found([a, b], []) == [(a, None), (b, None)]

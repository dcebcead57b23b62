"""Pages of a site's log hold exactly what passes the filters, wherever the index stands."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from ledger.consumer import ConsumerCheckpoint, catch_up
from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ResourceNotFound, TemporaryError
from ledger.events import EVENT_TYPES
from ledger.ids import Position, Site
from ledger.limits import CHANGES_BEHIND_INDEX_MAX
from ledger.store import Store
from projections.changes import walk
from projections.changes.document import ChangeOpener
from projections.changes.event_types import EventType
from projections.changes.index import CONSUMER, ChangeIndex
from projections.changes.query import ChangeQuery
from projections.changes.reader import ChangeLog, ChangePage
from projections.changes.sentences import UNREADABLE
from projections.listing import Filter, Operator
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.projections.changes.life import facts_of, index, live, passes, random_filters, whole_log
from tests.times import LAWS_TIMES

QUERIES = 30 * LAWS_TIMES


async def pages(log: ChangeLog, site: Site, query: ChangeQuery) -> list[ChangePage]:
    """All pages of a list."""
    found = [await log.page(site, query)]
    while found[-1].next_start is not None:
        next_query = ChangeQuery(
            filters=query.filters, descending=query.descending, limit=query.limit, start=found[-1].next_start
        )
        found.append(await log.page(site, next_query))
        assert len(found) < 10_000, "the pages have no end"
    return found


def positions(found: Sequence[ChangePage]) -> list[int]:
    return [event.record.position for page in found for event in page.events]


@pytest.mark.parametrize("share", [0.0, 0.4, 0.97, 1.0], ids=lambda share: f"indexed {share:.0%}")
@pytest.mark.parametrize("seed", [1, 2])
async def test_all_pages_together_are_what_a_plain_filter_finds(
    pool: asyncpg.Pool, site: Site, share: float, seed: int
) -> None:
    await live(pool, site, seed=seed, commands=90)
    events = await whole_log(pool, site)
    await index(pool, site, events[: round(share * len(events))])
    await compare(pool, site, events, random.Random(f"{seed} {share}"))


async def test_short_steps_and_pages_that_end_early_lose_and_repeat_nothing(
    pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_FIRST_STEP", 2)
    monkeypatch.setattr(walk, "_LONGER", 2)
    monkeypatch.setattr(walk, "CHANGES_LOOKED_AT_MAX", 9)
    await live(pool, site, seed=3, commands=60)
    events = await whole_log(pool, site)
    await index(pool, site, events[:-7])
    await compare(pool, site, events, random.Random(3))
    sparse = ChangeQuery(filters=(Filter("source", Operator.IS, ("nowhere",)),), limit=1)
    assert len(await pages(ChangeLog(pool), site, sparse)) > len(events) // 20


async def compare(pool: asyncpg.Pool, site: Site, events: list[RecordedEvent], dice: random.Random) -> None:
    log, facts = ChangeLog(pool), facts_of(events)
    hits = 0
    for _ in range(QUERIES):
        query = ChangeQuery(
            filters=random_filters(dice, facts), descending=dice.random() < 0.5, limit=dice.choice([1, 3, 10, 100])
        )
        expected = [each["position"] for each in facts if passes(each, query.filters)]
        if query.descending:
            expected.reverse()
        found = await pages(log, site, query)
        assert positions(found) == expected, query
        assert all(len(page.events) <= query.limit for page in found)
        for page in found:
            for event in page.events:
                assert shown(event.row) == facts[event.record.position - 1]
        hits += len(expected)
    assert hits > QUERIES, "the filters let nothing pass"


def shown(row: Any) -> dict[str, Any]:
    return {name: row.value(name) for name in row.__struct_fields__} | {"recorded_at": row.recorded_at // 1000}


async def test_the_index_is_the_same_however_the_log_is_cut_into_pages(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    for each in (site, other):
        await live(pool, each, seed=4, commands=40)
    events = await whole_log(pool, site)
    for first in range(0, len(events), 7):
        await index(pool, site, events[first : first + 7])
    await catch_up(pool, ChangeIndex(), other)
    rows = "SELECT position, recorded_at, latest_at, type, actor, source, order_id, invoice_id, business_entity_id"
    rows = f"{rows} FROM ledger.change WHERE site = $1 ORDER BY position"
    ours, theirs = await pool.fetch(rows, site), await pool.fetch(rows, other)
    assert ours == theirs
    assert len(ours) == len(events)
    assert any(row["latest_at"] > row["recorded_at"] + 10_000 for row in ours), "no clock was behind"


async def test_of_two_that_index_at_once_each_event_is_added_once(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=5, commands=40)
    await asyncio.gather(*(catch_up(pool, ChangeIndex(), site) for _ in range(4)))
    count = await pool.fetchval("SELECT count(*) FROM ledger.change WHERE site = $1", site)
    assert count == len(await whole_log(pool, site)) == await ConsumerCheckpoint(pool, site, CONSUMER).load()


async def test_a_page_that_needs_more_than_the_index_has_is_refused_until_it_has_it(
    pool: asyncpg.Pool, site: Site
) -> None:
    for first in range(1, CHANGES_BEHIND_INDEX_MAX + 2, 100):
        await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(first, first + 100))))
    log = ChangeLog(pool)
    with pytest.raises(TemporaryError) as refused:
        await log.page(site, ChangeQuery())
    assert refused.value.retry_after_s
    assert "index" in refused.value.message
    some = Filter("position", Operator.BEFORE, (CHANGES_BEHIND_INDEX_MAX + 1,))
    assert positions([await log.page(site, ChangeQuery(filters=(some,), limit=2))]) == [1000, 999]
    await catch_up(pool, ChangeIndex(), site)
    assert positions([await log.page(site, ChangeQuery(limit=1))]) == [1100]


async def test_an_ascending_page_asks_the_index_alone_where_that_fills_it(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(20))))
    await catch_up(pool, ChangeIndex(), site)
    for first in range(1000, 1000 + CHANGES_BEHIND_INDEX_MAX + 1, 100):
        await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(first, first + 100))))
    log = ChangeLog(pool)
    assert positions([await log.page(site, ChangeQuery(descending=False, limit=10))]) == list(range(1, 11))
    with pytest.raises(TemporaryError):
        await log.page(site, ChangeQuery(descending=False, limit=20))


async def test_a_log_that_has_become_shorter_is_told(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("order-1", 1)))
    assert await ConsumerCheckpoint(pool, site, CONSUMER).advance(Position(0), Position(5))
    with pytest.raises(OperationFailed):
        await ChangeLog(pool).page(site, ChangeQuery())


async def test_an_unknown_site_has_no_log(pool: asyncpg.Pool) -> None:
    with pytest.raises(ResourceNotFound):
        await ChangeLog(pool).page(Site("nobody"), ChangeQuery())


async def test_sites_do_not_see_each_other(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    await append_batch(pool, append(site, ("order-1", 1)))
    await append_batch(pool, append(other, ("order-1", 1), ("order-1", 2)))
    for each, count in ((site, 1), (other, 2)):
        for _ in range(2):
            page = await ChangeLog(pool).page(each, ChangeQuery())
            assert len(page.events) == count
            assert all(f'"site":"{each}"'.encode() in event.record.body for event in page.events)
            await catch_up(pool, ChangeIndex(), each)


async def test_events_that_nobody_can_read_hide_no_others(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=6, commands=5)
    await append_batch(pool, append(site, ("order-nowhere", 1)))  # an update of nothing
    events = await whole_log(pool, site)
    broken = [*events, type(events[-1])(**{**fields(events[-1]), "body": b"{]", "position": len(events) + 1})]
    log = ChangeLog(pool)
    found = await log.matching(site, (), broken)
    changes = await ChangeOpener(Store(pool)).open(site, found)
    assert [change.sentence for change in changes[-2:]] == [UNREADABLE, UNREADABLE]
    assert not any(change.sentence == UNREADABLE for change in changes[:-2])
    assert [change.actor for change in changes[-2:]] == ["tester", ""]


def fields(record: RecordedEvent) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


async def test_what_is_remembered_of_orders_changes_nothing_that_is_told(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=8, commands=120)
    log, store = ChangeLog(pool), Store(pool)
    events = await log.matching(site, (), await whole_log(pool, site))
    expected = await ChangeOpener(store).open(site, events, with_differences=True)
    dice = random.Random(8)
    for remembered_max in (0, 1, 2, 1_000):
        opener = ChangeOpener(store, remembered_max=remembered_max)
        for step in (1, 3, 7):
            for first in range(0, len(events), step):
                part = events[first : first + step]
                told = await opener.open(site, part, with_differences=True)
                assert told == expected[first : first + step]
        for _ in range(20):
            picked = sorted(dice.sample(range(len(events)), 3))
            told = await opener.open(site, [events[place] for place in picked], with_differences=True)
            assert told == [expected[place] for place in picked]


async def test_a_page_tells_each_change_in_a_sentence(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=7, commands=120)
    log, opener = ChangeLog(pool), ChangeOpener(Store(pool))
    told: dict[str, str] = {}
    for page in await pages(log, site, ChangeQuery(limit=50, descending=False)):
        for change in await opener.open(site, page.events):
            assert change.sentence != UNREADABLE
            told.setdefault(change.type, change.sentence)
    assert told["invoice.recorded"] == "Invoice inv_1 recorded: paid"
    assert told["settings.changed"] == "Settings changed: order_number_prefix"
    assert told["order.cancelled"].startswith("Cancelled: others")
    assert {"credit_note.created", "credit_note.voided", "invoice.credit_note_issued"} <= told.keys()


def test_every_type_of_event_can_be_asked_for() -> None:
    assert [each.value for each in EventType] == [each.TOPIC for each in EVENT_TYPES]

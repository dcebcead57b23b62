"""Pages of the events of a site hold exactly what passes the filters, wherever the index stands."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from ledger.consumer import ConsumerCheckpoint
from ledger.envelope import RecordedEvent
from ledger.errors import RecordUnreadable, ResourceNotFound, TemporaryError
from ledger.ids import Position, Site
from ledger.limits import CHANGES_BEHIND_INDEX_MAX
from ledger.store import Store
from ledger.vocabulary import WebhookStatus
from projections.chargebee_events import candidates, search, sift
from projections.chargebee_events.query import EventQuery
from projections.chargebee_events.reader import ChargebeeEvents, EventPage
from projections.history.moments import AtVersion
from projections.history.order_history import OrderHistory
from projections.listing import Filter, Operator
from projections.webhooks.statuses import CONSUMER as WEBHOOKS
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.projections.changes.life import START_S, index, live, whole_log
from tests.projections.chargebee_events.oracle import DAY_S, event_facts, expected, random_filters
from tests.times import LAWS_TIMES

QUERIES = 25 * LAWS_TIMES
DAY_MS = DAY_S * 1000
NOW_MS = (START_S + 60) * 1000
Statuses = dict[Position, list[WebhookStatus]]


def reader(pool: asyncpg.Pool, now_ms: int = NOW_MS) -> ChargebeeEvents:
    return ChargebeeEvents(pool, lambda: now_ms)


async def walk(events: ChargebeeEvents, site: Site, query: EventQuery) -> list[EventPage]:
    """All pages of a list."""
    found = [await events.page(site, query)]
    while found[-1].next_start is not None:
        found.append(await events.page(site, replace(query, start=found[-1].next_start)))
        assert len(found) < 10_000, "the pages have no end"
    return found


def shown(pages: Sequence[EventPage]) -> list[dict[str, Any]]:
    return [json.loads(document) for page in pages for document in page.documents]


async def deliver(
    pool: asyncpg.Pool, site: Site, events: Sequence[RecordedEvent], dice: random.Random, *, until: Position
) -> Statuses:
    """Let events up to a position have deliveries to up to two endpoints, as if a consumer had planned them."""
    choices = [each for each in WebhookStatus if each is not WebhookStatus.NOT_CONFIGURED]
    statuses: Statuses = {}
    for event in events:
        if event.stream.startswith("order-") and event.position <= until:
            statuses[event.position] = dice.choices(choices, k=dice.randrange(0, 3))
    rows = [
        (site, position, f"whv2_{place}", place, str(status), NOW_MS)
        for position, found in statuses.items()
        for place, status in enumerate(found)
    ]
    await pool.executemany(
        "INSERT INTO ledger.webhook_delivery (site, position, endpoint_id, place, status, recorded_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        rows,
    )
    assert await ConsumerCheckpoint(pool, site, WEBHOOKS).advance(Position(0), until)
    return {position: found for position, found in statuses.items() if found}


@pytest.mark.parametrize("share", [0.0, 0.4, 0.97, 1.0], ids=lambda share: f"indexed {share:.0%}")
@pytest.mark.parametrize("seed", [1, 2])
async def test_all_pages_together_are_what_a_plain_filter_finds(
    pool: asyncpg.Pool, site: Site, share: float, seed: int
) -> None:
    await live(pool, site, seed=seed, commands=90)
    events = await whole_log(pool, site)
    dice = random.Random(f"{seed} {share}")
    await index(pool, site, events[: round(share * len(events))])
    statuses = await deliver(pool, site, events, dice, until=Position(round(0.9 * len(events))))
    await compare(pool, site, event_facts(events, statuses), dice)


async def test_pages_that_step_over_many_and_end_early_lose_and_repeat_nothing(
    pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sift, "_FIRST_STEP", 2)
    monkeypatch.setattr(sift, "_LONGER", 2)
    monkeypatch.setattr(search, "_TRY_LOOKS", 5)
    monkeypatch.setattr(search, "EVENTS_LOOKED_AT_MAX", 9)
    monkeypatch.setattr(candidates, "EVENT_CANDIDATES_MAX", 3)
    await live(pool, site, seed=3, commands=80)
    events = await whole_log(pool, site)
    await index(pool, site, events[:-7])
    dice = random.Random(3)
    statuses = await deliver(pool, site, events, dice, until=Position(len(events) - 3))
    await compare(pool, site, event_facts(events, statuses), dice)
    first, *others = [event.event_id for event in events if event.stream.startswith("order-")]
    rare = EventQuery(filters=(Filter("id", Operator.NOT_IN, tuple(others)),), limit=1)
    pages = await walk(reader(pool), site, rare)
    assert len(pages) > len(others) // 20
    assert [event["id"] for event in shown(pages)] == [first]


async def compare(pool: asyncpg.Pool, site: Site, facts: list[dict[str, Any]], dice: random.Random) -> None:
    hits = 0
    for _ in range(QUERIES):
        now_s = START_S + dice.choice([0, 60, 6 * DAY_S + 15, 30 * DAY_S])
        query = EventQuery(
            filters=random_filters(dice, facts), descending=dice.random() < 0.5, limit=dice.choice([1, 3, 10, 100])
        )
        wanted = expected(facts, query.filters, descending=query.descending, now_s=now_s)
        pages = await walk(reader(pool, now_s * 1000), site, query)
        assert [event["id"] for event in shown(pages)] == wanted, query
        assert all(len(page.documents) <= query.limit for page in pages)
        hits += len(wanted)
    assert hits > QUERIES, "the filters hardly ever match: the test says little"


async def test_times_that_go_back_are_sorted_by_second_and_then_by_position(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=4, commands=60)
    events = await whole_log(pool, site)
    await index(pool, site, events[: len(events) // 2])
    seconds = [event.recorded_at // 1000 for event in events]
    assert seconds != sorted(seconds), "the clocks of this life never differed"
    facts = event_facts(events, {})
    for descending in (False, True):
        pages = await walk(reader(pool), site, EventQuery(descending=descending, limit=7))
        assert [each["id"] for each in shown(pages)] == expected(facts, (), descending=descending, now_s=START_S)


@pytest.mark.parametrize("descending", [False, True])
async def test_a_walk_gives_each_event_once_while_others_are_recorded(
    pool: asyncpg.Pool, site: Site, descending: bool
) -> None:
    await live(pool, site, seed=5, commands=40)
    events = await whole_log(pool, site)
    await index(pool, site, events)
    known = expected(event_facts(events, {}), (), descending=descending, now_s=START_S)
    query = EventQuery(descending=descending, limit=5)
    found: list[str] = []
    for version in range(1, 10_000):
        page = await reader(pool).page(site, query)
        found += [event["id"] for event in shown([page])]
        if page.next_start is None:
            break
        if version % 2 and version < 20:
            await _more(pool, site, version)
        query = replace(query, start=page.next_start)
    assert len(await whole_log(pool, site)) > len(events)
    assert len(found) == len(set(found))
    assert [each for each in found if each in set(known)] == known


async def _more(pool: asyncpg.Pool, site: Site, number: int) -> None:
    """More events, by a clock that is back where that of the others began: they stand anywhere in the list."""
    await live(pool, site, seed=1000 + number, commands=3)


async def test_content_is_the_order_as_it_was_answered_after_the_event(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=6, commands=60)
    records = {event.event_id: event for event in await whole_log(pool, site)}
    await index(pool, site, list(records.values()))
    history = OrderHistory(Store(pool))
    pages = await walk(reader(pool), site, EventQuery(limit=100))
    for document in (document for page in pages for document in page.documents):
        record = records[json.loads(document)["id"]]
        state = await history.at(site, record.stream.removeprefix("order-"), AtVersion(version=record.version))
        assert document.endswith(b'"content":{"order":%s}}' % state.document)


async def test_an_event_is_retrieved_until_it_is_ninety_days_old(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=7, commands=5)
    events = await whole_log(pool, site)
    event = next(each for each in events if each.type == "order.imported")
    last_ms = event.recorded_at + 90 * DAY_MS
    document = await reader(pool, last_ms).retrieve(site, event.event_id)
    assert json.loads(document)["id"] == event.event_id
    with pytest.raises(ResourceNotFound):
        await reader(pool, last_ms + 1).retrieve(site, event.event_id)
    assert await reader(pool, last_ms + 1).find(site, event.event_id) == document
    [listed] = shown(await walk(reader(pool, last_ms + 1), site, _of(event)))
    assert listed == json.loads(document)


async def test_only_events_of_orders_are_events(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=8, commands=40)
    events = await whole_log(pool, site)
    others = [event for event in events if not event.stream.startswith("order-")]
    assert {event.type for event in others} > {"invoice.recorded", "credit_note.created"}
    for event in others:
        with pytest.raises(ResourceNotFound):
            await reader(pool).retrieve(site, event.event_id)
        assert shown(await walk(reader(pool), site, _of(event))) == []


async def test_an_event_of_another_site_is_not_there(pool: asyncpg.Pool, site: Site) -> None:
    await live(pool, site, seed=9, commands=5)
    event = next(each for each in await whole_log(pool, site) if each.stream.startswith("order-"))
    other = await new_site(pool)
    with pytest.raises(ResourceNotFound):
        await reader(pool).retrieve(other, event.event_id)
    assert shown(await walk(reader(pool), other, EventQuery())) == []


async def test_a_page_far_behind_the_index_is_refused_and_never_incomplete(pool: asyncpg.Pool, site: Site) -> None:
    for first in range(1, CHANGES_BEHIND_INDEX_MAX + 2, 100):
        await append_batch(pool, *(append(site, (f"order-{n}", 1)) for n in range(first, first + 100)))
    with pytest.raises(TemporaryError):
        await reader(pool).page(site, EventQuery())


async def test_an_event_whose_order_cannot_be_read_is_told_and_not_made_up(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("order-x", 1)))
    with pytest.raises(RecordUnreadable):
        await reader(pool).page(site, EventQuery())


def _of(event: RecordedEvent) -> EventQuery:
    return EventQuery(filters=(Filter("id", Operator.IS, (event.event_id,)),))

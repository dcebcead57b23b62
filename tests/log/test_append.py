"""The append function: what a batch of commands does to the log, each command whole or not at all."""

from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from ledger.batch import Append, NumberGiven, Outcome, Remembered
from ledger.ids import Site, StreamId, system_clock_ms
from ledger.store import Store
from tests.conftest import new_site
from tests.log.appends import (
    HOUR_MS,
    answer,
    append,
    append_batch,
    head,
    order_append,
    positions,
    row,
    streams,
)

APPENDED, CONFLICT, ANSWERED = Outcome.APPENDED, Outcome.CONFLICT, Outcome.ANSWERED


async def shown(pool: asyncpg.Pool, site: Site, order_id: str) -> asyncpg.Record | None:
    return await pool.fetchrow("SELECT * FROM ledger.order_view WHERE site = $1 AND id = $2", site, order_id)


async def everything(owner: asyncpg.Connection, site: Site) -> list[list[asyncpg.Record]]:
    """All rows of a site but its keys: what an append can change."""
    tables = ("event", "head", "order_view", "number_series", "idempotent_answer", "consumer")
    return [await owner.fetch(f"SELECT * FROM ledger.{table} WHERE site = $1 ORDER BY 1, 2", site) for table in tables]


async def remembered(pool: asyncpg.Pool, site: Site, stream: str) -> Remembered:
    """A stream as somebody who read it just now remembers it."""
    events = (await Store(pool).load_streams(site, [StreamId(stream)])).get(StreamId(stream), [])
    return Remembered(StreamId(stream), len(events), events[-1].leaf if events else None)


# Positions


async def test_positions_count_from_one_without_gaps(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("a", 1), ("a", 2)), append(site, ("b", 1)))
    await append_batch(pool, append(site, ("a", 3)))
    assert await positions(pool, site) == [1, 2, 3, 4]
    assert await streams(pool, site) == [("a", 1), ("a", 2), ("b", 1), ("a", 3)]
    assert await head(pool, site) == 4


async def test_a_loser_leaves_no_gap(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("a", 1)), append(site, ("b", 7)), append(site, ("c", 1)))
    assert await streams(pool, site) == [("a", 1), ("c", 1)]
    assert await positions(pool, site) == [1, 2]
    assert await head(pool, site) == 2


async def test_a_transaction_that_fails_leaves_no_gap(pool: asyncpg.Pool, site: Site) -> None:
    twice = append(site, ("a", 1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await append_batch(pool, append(site, ("b", 1)), Append(site=site, events=twice.events * 2))
    await append_batch(pool, append(site, ("c", 1)))
    assert await streams(pool, site) == [("c", 1)]
    assert await positions(pool, site) == [1]


async def test_sites_count_apart(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    await append_batch(pool, append(site, ("a", 1)))
    await append_batch(pool, append(other, ("a", 1)))
    assert await positions(pool, other) == [1]


async def test_events_of_many_streams_keep_the_order_of_their_command(pool: asyncpg.Pool, site: Site) -> None:
    places = [("order-2", 1), ("order-1", 1), ("order-2", 2), ("invoice-9", 1), ("order-1", 2)]
    await append_batch(pool, append(site, *places))
    assert await streams(pool, site) == places


async def test_an_unknown_site_is_an_error(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.NoDataFoundError):
        await append_batch(pool, append(Site("nowhere"), ("a", 1)))


# Expected versions


@pytest.mark.parametrize("version", [1, 2, 4, 5])
async def test_another_version_than_expected_is_a_conflict(pool: asyncpg.Pool, site: Site, version: int) -> None:
    await append_batch(pool, append(site, ("a", 1), ("a", 2)))
    assert await append_batch(pool, append(site, ("a", version))) == [CONFLICT]
    assert await streams(pool, site) == [("a", 1), ("a", 2)]


async def test_of_two_on_one_stream_in_a_batch_the_first_wins(pool: asyncpg.Pool, site: Site) -> None:
    outcomes = await append_batch(
        pool, append(site, ("a", 1), note="first"), append(site, ("a", 1), note="second"), append(site, ("a", 1))
    )
    assert outcomes == [APPENDED, CONFLICT, CONFLICT]
    assert await streams(pool, site) == [("a", 1)]


async def test_a_command_over_several_streams_is_all_or_nothing(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("invoice-1", 1)))
    outcomes = await append_batch(
        pool,
        append(site, ("order-1", 1), ("invoice-1", 2), rows=[row("1", 1)]),
        append(site, ("order-2", 1), ("invoice-1", 2), rows=[row("2", 1)], answer=answer("k")),
        append(site, ("order-3", 1), rows=[row("3", 1)]),
    )
    assert outcomes == [APPENDED, CONFLICT, APPENDED]
    assert await streams(pool, site) == [("invoice-1", 1), ("order-1", 1), ("invoice-1", 2), ("order-3", 1)]
    assert await shown(pool, site, "2") is None
    assert await Store(pool).find_answer(site, "k", system_clock_ms()) is None


async def test_a_loser_fails_alone(pool: asyncpg.Pool, site: Site) -> None:
    batch = [order_append(site, str(number), 1 if number % 3 else 2) for number in range(30)]
    outcomes = await append_batch(pool, *batch)
    assert outcomes == [APPENDED if number % 3 else CONFLICT for number in range(30)]
    assert await positions(pool, site) == list(range(1, 21))


# The row of the view


async def test_a_row_carries_the_position_of_the_event_that_it_shows(pool: asyncpg.Pool, site: Site) -> None:
    both = append(
        site,
        ("order-1", 1),
        ("order-2", 1),
        ("invoice-1", 1),
        ("order-1", 2),
        ("credit_note-1", 1),
        rows=[row("1", 2), row("2", 1)],
    )
    await append_batch(pool, append(site, ("order-0", 1)), both)
    first, second = await shown(pool, site, "1"), await shown(pool, site, "2")
    assert first
    assert second
    assert (first["position"], first["version"]) == (5, 2)
    assert (second["position"], second["version"]) == (3, 1)


async def test_a_row_is_replaced_as_a_whole(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, order_append(site, "1", document_number="A1"))
    await append_batch(pool, order_append(site, "1", 2))
    found = await shown(pool, site, "1")
    assert found
    assert (found["version"], found["position"], found["document_number"]) == (2, 2, None)
    assert found["document"] == row("1", 2).document


# Sent again, because nobody knows whether it was written


async def test_a_batch_that_is_sent_again_writes_nothing_and_has_the_same_outcomes(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    now_ms = system_clock_ms()
    await append_batch(pool, append(site, ("a", 1)), append(site, ("k", 1), answer=answer("taken")))
    batch = [
        order_append(site, "1", document_number="N1", answer=answer("k1")),
        append(site, ("order-2", 1), ("invoice-2", 1), ("order-2", 2), rows=[row("2", 2)], answer=answer("k2")),
        append(site, ("a", 1)),
        order_append(site, "3", document_number="N1"),
        append(site, ("b", 1), answer=answer("taken")),
        append(site, ("d", 1), numbers=[NumberGiven("order", 7)]),
    ]
    first = await append_batch(pool, *batch, now_ms=now_ms)
    before = await everything(owner, site)
    again = await append_batch(pool, *batch, now_ms=now_ms)

    assert first == [APPENDED, APPENDED, CONFLICT, CONFLICT, ANSWERED, APPENDED]
    assert again == first
    assert await everything(owner, site) == before


async def test_a_command_that_is_sent_again_after_others_moved_on_changes_nothing(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    first = append(
        site, ("order-1", 1), ("invoice-1", 1), rows=[row("1", 1, document_number="N1")], answer=answer("k1")
    )
    await append_batch(pool, first)
    await append_batch(pool, order_append(site, "1", 2))
    await append_batch(pool, order_append(site, "2", document_number="N1"), append(site, ("invoice-1", 2)))
    before = await everything(owner, site)

    assert await append_batch(pool, first) == [APPENDED]
    assert await everything(owner, site) == before


async def test_a_command_of_another_that_looks_the_same_is_no_repetition(pool: asyncpg.Pool, site: Site) -> None:
    """Events are known by their ids, never by what they say."""
    await append_batch(pool, append(site, ("a", 1), note="same"))
    assert await append_batch(pool, append(site, ("a", 1), note="same")) == [CONFLICT]


async def test_what_was_decided_on_a_stream_as_it_still_is_is_appended(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("invoice-1", 1), ("invoice-1", 2)))
    known = tuple([await remembered(pool, site, stream) for stream in ("invoice-1", "settings")])
    assert (
        await append_batch(
            pool, *(replace(append(site, (name, 1)), remembered=known) for name in "ab"), append(site, ("c", 1))
        )
        == [APPENDED] * 3
    )


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"version": 3},
        {"leaf": bytes(32)},
        {"leaf": None},
        {"version": 0, "leaf": None},
        {"stream": StreamId("invoice-2")},
    ],
)
async def test_what_was_decided_on_a_stream_that_is_not_so_any_more_is_a_conflict(
    pool: asyncpg.Pool, site: Site, change: dict[str, Any]
) -> None:
    """Also where the log lost its last commits and went on otherwise: then the leaf is another."""
    await append_batch(pool, append(site, ("invoice-1", 1), ("invoice-1", 2)))
    known = await remembered(pool, site, "invoice-1")
    wrong = replace(append(site, ("a", 1)), remembered=(replace(known, **change),))
    right = replace(append(site, ("b", 1)), remembered=(known,))
    assert await append_batch(pool, wrong, right) == [CONFLICT, APPENDED]
    assert ("a", 1) not in await streams(pool, site)


async def test_a_command_that_is_sent_again_is_known_after_what_it_remembered_has_changed(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    known = await remembered(pool, site, "invoice-1")
    first = replace(append(site, ("a", 1)), remembered=(known,))
    await append_batch(pool, first)
    await append_batch(pool, append(site, ("invoice-1", 1)))
    before = await everything(owner, site)
    assert await append_batch(pool, first, replace(append(site, ("b", 1)), remembered=(known,))) == [APPENDED, CONFLICT]
    assert await everything(owner, site) == before


async def test_an_answer_alone_that_is_sent_again_is_its_own(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    kept = Append(site=site, answer=answer("k", body=b"refused"))
    assert await append_batch(pool, kept) == [APPENDED]
    before = await everything(owner, site)

    assert await append_batch(pool, kept) == [APPENDED]
    assert await everything(owner, site) == before


@pytest.mark.parametrize("lasts_ms", [HOUR_MS, HOUR_MS + 1])
async def test_an_answer_alone_is_not_taken_for_another(pool: asyncpg.Pool, site: Site, lasts_ms: int) -> None:
    now_ms = system_clock_ms()
    await append_batch(pool, Append(site=site, answer=answer("k", body=b"one", now_ms=now_ms)))
    other = Append(site=site, answer=answer("k", body=b"two", now_ms=now_ms, lasts_ms=lasts_ms))
    assert await append_batch(pool, other) == [ANSWERED]


async def test_events_with_an_answer_like_the_stored_one_are_answered(pool: asyncpg.Pool, site: Site) -> None:
    same = answer("k")
    await append_batch(pool, append(site, ("a", 1), answer=same))
    assert await append_batch(pool, append(site, ("b", 1), answer=same)) == [ANSWERED]
    assert await streams(pool, site) == [("a", 1)]


# Idempotent answers


async def test_an_answer_is_kept_in_the_transaction_that_makes_it_true(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    kept = answer("k", body=b'{"order":{}}')
    await append_batch(pool, append(site, ("a", 1), answer=kept))
    assert await Store(pool).find_answer(site, "k", system_clock_ms()) == kept
    together = await owner.fetchval(
        "SELECT event.xmin = answer.xmin FROM ledger.event JOIN ledger.idempotent_answer AS answer USING (site) "
        "WHERE site = $1",
        site,
    )
    assert together


async def test_a_key_with_an_answer_lets_nothing_be_written(pool: asyncpg.Pool, site: Site) -> None:
    first = answer("k", body=b"first")
    await append_batch(pool, append(site, ("a", 1), answer=first))
    outcomes = await append_batch(
        pool,
        append(site, ("order-b", 1), rows=[row("b", 1)], answer=answer("k", body=b"second")),
        append(site, ("c", 1)),
    )
    assert outcomes == [ANSWERED, APPENDED]
    assert await streams(pool, site) == [("a", 1), ("c", 1)]
    assert await Store(pool).find_answer(site, "k", system_clock_ms()) == first


async def test_of_two_with_one_key_in_a_batch_the_first_is_answered(pool: asyncpg.Pool, site: Site) -> None:
    first = answer("k", body=b"first")
    outcomes = await append_batch(
        pool, append(site, ("a", 1), answer=first), append(site, ("b", 1), answer=answer("k", body=b"second"))
    )
    assert outcomes == [APPENDED, ANSWERED]
    assert await streams(pool, site) == [("a", 1)]
    assert await Store(pool).find_answer(site, "k", system_clock_ms()) == first


async def test_an_answer_whose_window_has_passed_is_replaced(pool: asyncpg.Pool, site: Site) -> None:
    now_ms = system_clock_ms()
    old = answer("k", body=b"old", now_ms=now_ms, lasts_ms=1_000)
    new = answer("k", body=b"new", now_ms=now_ms + 1_000)
    await append_batch(pool, append(site, ("a", 1), answer=old), now_ms=now_ms)

    store = Store(pool)
    assert await store.find_answer(site, "k", now_ms + 999) == old
    assert await store.find_answer(site, "k", now_ms + 1_000) is None
    assert await append_batch(pool, append(site, ("a", 2), answer=new), now_ms=now_ms + 1_000) == [APPENDED]
    assert await store.find_answer(site, "k", now_ms + 1_000) == new


async def test_a_key_belongs_to_its_site(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    await append_batch(pool, append(site, ("a", 1), answer=answer("k")))
    assert await append_batch(pool, append(other, ("a", 1), answer=answer("k"))) == [APPENDED]


async def test_a_conflict_with_an_answered_key_is_answered(pool: asyncpg.Pool, site: Site) -> None:
    """A retry that runs beside its first attempt loses the race for the stream too; what counts is the answer."""
    await append_batch(pool, append(site, ("a", 1), answer=answer("k")))
    assert await append_batch(pool, append(site, ("a", 1), answer=answer("k", body=b"again"))) == [ANSWERED]


# Document numbers


async def test_a_document_number_of_another_order_is_a_conflict(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, order_append(site, "1", document_number="N1"))
    outcomes = await append_batch(pool, order_append(site, "2", document_number="N1"), order_append(site, "3"))
    assert outcomes == [CONFLICT, APPENDED]
    assert await shown(pool, site, "2") is None


async def test_of_two_with_one_document_number_in_a_batch_the_first_wins(pool: asyncpg.Pool, site: Site) -> None:
    outcomes = await append_batch(
        pool, order_append(site, "1", document_number="N1"), order_append(site, "2", document_number="N1")
    )
    assert outcomes == [APPENDED, CONFLICT]
    assert await Store(pool).document_number_owner(site, "N1") == "1"


async def test_an_order_keeps_its_document_number_when_it_changes(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, order_append(site, "1", document_number="N1"))
    assert await append_batch(pool, order_append(site, "1", 2, document_number="N1")) == [APPENDED]


# Numbers that are given


async def test_a_given_number_moves_its_series(pool: asyncpg.Pool, site: Site) -> None:
    store = Store(pool)
    assert await store.reserve_number(site, "order", 1) == 1
    await append_batch(
        pool,
        append(site, ("a", 1), numbers=[NumberGiven("order", 41)]),
        append(site, ("b", 1), numbers=[NumberGiven("order", 7)]),
        append(site, ("c", 9), numbers=[NumberGiven("order", 1_000)]),
    )
    assert await store.reserve_number(site, "order", 1) == 42
    assert await store.reserve_number(site, "other", 5) == 5


async def test_a_lower_number_does_not_move_a_series_back(pool: asyncpg.Pool, site: Site) -> None:
    store = Store(pool)
    await append_batch(pool, append(site, ("a", 1), numbers=[NumberGiven("order", 41)]))
    await append_batch(pool, append(site, ("b", 1), numbers=[NumberGiven("order", 3)]))
    assert await store.reserve_number(site, "order", 1) == 42


async def test_a_series_starts_where_it_is_told_also_later(pool: asyncpg.Pool, site: Site) -> None:
    store = Store(pool)
    assert [await store.reserve_number(site, "n", start) for start in (1, 1, 1_000, 1_000, 1)] == [
        1,
        2,
        1000,
        1001,
        1002,
    ]


async def test_several_numbers_in_a_row_are_reserved_at_once(pool: asyncpg.Pool, site: Site) -> None:
    store = Store(pool)
    reserved = [await store.reserve_number(site, "n", start, count) for start, count in ((1, 3), (1, 1), (10, 2))]
    assert reserved == [1, 4, 10]
    assert await store.reserve_number(site, "n", 1) == 12


async def test_a_series_may_start_at_the_largest_number_that_a_site_can_set(pool: asyncpg.Pool, site: Site) -> None:
    assert await Store(pool).reserve_number(site, "n", 10**15 - 1) == 10**15 - 1

"""Generated ids: they look like Chargebee's, sort by time and do not repeat (chargebee/orders.md, section 1)."""

import re
from collections.abc import Callable

import pytest
from hypothesis import strategies as st

from ledger.ids import (
    ALPHABET,
    INVOICE_STREAM,
    IdSource,
    Randomness,
    StreamId,
    credit_note_stream,
    invoice_stream,
    order_stream,
    system_clock_ms,
)
from tests.ledger.laws import for_all

TOKEN = "[A-Za-z0-9]{17}"
KINDS: dict[str, tuple[Callable[[IdSource, bool], str], str]] = {
    "order": (lambda ids, live: ids.order_id(live=live), ""),
    "line": (lambda ids, live: ids.line_item_id(live=live), "o_li"),
    "event": (lambda ids, live: ids.event_id(live=live), "ev_"),
}

each_kind = pytest.mark.parametrize(("make", "prefix"), KINDS.values(), ids=KINDS)
moments = st.integers(0, 10**14)


@each_kind
@pytest.mark.parametrize(("live", "mark"), [(False, "__test__"), (True, "")])
def test_an_id_looks_like_chargebees(make: Callable[[IdSource, bool], str], prefix: str, live: bool, mark: str) -> None:
    assert re.fullmatch(prefix + mark + TOKEN, made := make(IdSource(), live))
    assert len(made) <= 40


def test_a_request_has_an_id_too() -> None:
    assert re.fullmatch("req_" + TOKEN, IdSource().request_id())


@each_kind
@for_all(earlier=moments, later=moments, randoms=st.tuples(st.integers(0), st.integers(0)))
def test_an_id_made_later_sorts_later(
    make: Callable[[IdSource, bool], str], prefix: str, earlier: int, later: int, randoms: tuple[int, int]
) -> None:
    first = make(IdSource(lambda: earlier, lambda below: randoms[0] % below), True)
    second = make(IdSource(lambda: later, lambda below: randoms[1] % below), True)
    assert first.startswith(prefix)
    if earlier != later:
        assert (first.encode() < second.encode()) == (earlier < later)


def test_ids_of_one_millisecond_sort_as_they_were_made() -> None:
    """The order of what came in within a millisecond can be told from its ids."""
    ids = IdSource(lambda: 1_700_000_000_000)
    made = [ids.request_id() for _ in range(1_000)]
    assert made == sorted(made, key=str.encode)
    assert len(set(made)) == len(made)


def test_the_alphabet_sorts_as_bytes_do() -> None:
    assert sorted(ALPHABET) == list(ALPHABET)
    assert len(set(ALPHABET)) == 62


@for_all(randoms=st.lists(st.integers(0, 62**9 - 1), unique=True, min_size=2))
def test_different_random_numbers_make_different_ids(randoms: list[int]) -> None:
    drawn = iter(randoms)
    ids = IdSource(lambda: 1_700_000_000_000, lambda _: next(drawn))
    assert len({ids.order_id(live=True) for _ in randoms}) == len(randoms)


def test_the_random_part_may_be_any_of_nine_digits() -> None:
    bounds: list[int] = []

    def largest(below: int) -> int:
        bounds.append(below)
        return below - 1

    assert IdSource(lambda: 0, largest).order_id(live=True) == "0" * 8 + "z" * 9
    assert bounds == [62**9]


@pytest.mark.parametrize("bound", [1, 2, 3, 62**9, 2**56])
def test_random_numbers_are_below_their_bound_and_reach_all_of_it(bound: int) -> None:
    """Also where the bytes that were asked for at once are used up."""
    random = Randomness()
    drawn = [random.below(bound) for _ in range(2_000)]
    assert all(0 <= number < bound for number in drawn)
    assert len(set(drawn)) == min(bound, len(drawn))
    assert max(drawn) >= bound // 2


def test_ids_of_one_moment_do_not_repeat() -> None:
    ids = IdSource(lambda: 1_700_000_000_000)
    assert len({ids.event_id(live=False) for _ in range(10_000)}) == 10_000


def test_the_clock_tells_milliseconds() -> None:
    assert 1_700_000_000_000 < system_clock_ms() < 10**14


@for_all(one=st.text(max_size=6), other=st.text(max_size=6))
def test_no_two_things_share_a_stream(one: str, other: str) -> None:
    kinds: list[Callable[[str], StreamId]] = [order_stream, invoice_stream, credit_note_stream]
    streams = [kind(each) for kind in kinds for each in {one, other}]
    assert len(set(streams)) == len(streams)
    assert "settings" not in streams
    assert [stream for stream in streams if stream.startswith(INVOICE_STREAM)] == [
        invoice_stream(each) for each in {one, other}
    ]

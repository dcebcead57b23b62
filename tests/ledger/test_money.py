"""Arithmetic of amounts: parts make up the whole, nothing goes beyond its room (chargebee/orders.md, section 4)."""

import pytest
from hypothesis import strategies as st

from ledger.money import share_by_weight, split_equally, spread_within
from tests.ledger.laws import for_all

amounts = st.integers(0, 10**15)
small_amounts = st.integers(0, 20)
weights = st.lists(amounts | small_amounts, max_size=8)


# Over several orders


@pytest.mark.parametrize(
    ("amount", "parts", "expected"),
    [
        (20_000, 3, (6_666, 6_666, 6_668)),
        (10_000, 3, (3_333, 3_333, 3_334)),
        (30_000, 3, (10_000, 10_000, 10_000)),
        (1, 3, (0, 0, 1)),
        (0, 2, (0, 0)),
        (7, 1, (7,)),
    ],
)
def test_a_split_puts_the_remainder_on_the_last(amount: int, parts: int, expected: tuple[int, ...]) -> None:
    assert split_equally(amount, parts) == expected


@for_all(amount=amounts | small_amounts, parts=st.integers(1, 50))
def test_the_parts_of_a_split_make_up_the_whole(amount: int, parts: int) -> None:
    shares = split_equally(amount, parts)
    assert sum(shares) == amount
    assert set(shares[:-1]) <= {amount // parts}
    assert 0 <= shares[-1] - amount // parts < parts


# By weight


@pytest.mark.parametrize(
    ("amount", "given", "whole", "expected"),
    [
        (13_000, [10_000, 3_000], 13_000, (10_000, 3_000)),
        (6_500, [10_000, 3_000], 13_000, (5_000, 1_500)),
        (100, [1, 1, 1], 3, (33, 33, 34)),
        (100, [1, 1, 0], 2, (50, 50, 0)),
        (101, [1, 1, 0], 2, (50, 51, 0)),
        (100, [1, 1], 3, (33, 33)),
        (100, [0, 0], 0, (0, 0)),
        (100, [0, 0], 5, (0, 0)),
        (100, [], 0, ()),
        (0, [1, 2], 3, (0, 0)),
    ],
)
def test_a_share_follows_its_weight(amount: int, given: list[int], whole: int, expected: tuple[int, ...]) -> None:
    assert share_by_weight(amount, given, whole) == expected


@for_all(amount=amounts, given=weights.filter(any))
def test_shares_of_everything_make_up_the_whole(amount: int, given: list[int]) -> None:
    shares = share_by_weight(amount, given, sum(given))
    assert sum(shares) == amount
    assert all(not share for share, weight in zip(shares, given, strict=True) if not weight)
    assert all(share >= amount * weight // sum(given) for share, weight in zip(shares, given, strict=True))


@for_all(amount=amounts, given=weights, rest=st.integers(1, 10**15))
def test_what_belongs_to_nothing_here_is_given_to_nobody(amount: int, given: list[int], rest: int) -> None:
    whole = sum(given) + rest
    assert share_by_weight(amount, given, whole) == tuple(amount * weight // whole for weight in given)


@for_all(given=weights, rest=st.integers(0, 10))
def test_whoever_is_paid_whole_gets_exactly_what_he_costs(given: list[int], rest: int) -> None:
    whole = sum(given) + rest
    assert share_by_weight(whole, given, whole) == tuple(given)


# Within the room that there is


@pytest.mark.parametrize(
    ("amount", "room", "expected"),
    [
        (1_300, [10_000, 3_000], (1_000, 300)),
        (1_301, [10_000, 3_000], (1_000, 301)),
        (2, [5, 5, 1], (0, 1, 1)),
        (5, [0, 5, 0], (0, 5, 0)),
        (0, [0, 0], (0, 0)),
        (0, [], ()),
    ],
)
def test_a_spread_goes_by_the_room_and_rounding_to_the_last(
    amount: int, room: list[int], expected: tuple[int, ...]
) -> None:
    assert spread_within(amount, room) == expected


@for_all(data=st.data(), room=weights)
def test_a_spread_never_exceeds_the_room_and_leaves_nothing(data: st.DataObject, room: list[int]) -> None:
    amount = data.draw(st.integers(0, sum(room)))
    shares = spread_within(amount, room)
    assert sum(shares) == amount
    assert all(0 <= share <= place for share, place in zip(shares, room, strict=True))


@for_all(data=st.data(), room=weights.filter(any))
def test_a_spread_is_off_its_proportion_by_less_than_there_are_places(data: st.DataObject, room: list[int]) -> None:
    amount = data.draw(st.integers(0, sum(room)))
    for share, place in zip(spread_within(amount, room), room, strict=True):
        assert 0 <= share - amount * place // sum(room) < len(room)


@pytest.mark.parametrize(("amount", "room"), [(1, []), (1, [0]), (8, [3, 4]), (-1, [3])])
def test_more_than_there_is_room_for_is_a_mistake(amount: int, room: list[int]) -> None:
    with pytest.raises(AssertionError):
        spread_within(amount, room)

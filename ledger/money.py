"""Arithmetic of amounts: integers in the minor unit of a currency, never floats (chargebee/orders.md, section 4)."""

from collections.abc import Sequence


def split_equally(amount: int, parts: int) -> tuple[int, ...]:
    """Split over several orders: the floor on each, the remainder on the last. 20000 over 3 is 6666, 6666, 6668."""
    share = amount // parts
    return (share,) * (parts - 1) + (amount - share * (parts - 1),)


def share_by_weight(amount: int, weights: Sequence[int], whole: int) -> tuple[int, ...]:
    """Each weight's share ``amount * weight / whole``, rounded down.

    Where the weights make up the whole, the last part with a weight takes what rounding left, so that the parts sum
    to the amount. Where they do not, the rest belongs to something that is not among the parts.

    Args:
        amount: what is shared, >= 0.
        weights: of the parts, >= 0.
        whole: what the weights are parts of, >= their sum.
    """
    if whole <= 0:
        return (0,) * len(weights)
    shares = [amount * weight // whole for weight in weights]
    if sum(weights) == whole:
        last = max(index for index, weight in enumerate(weights) if weight)
        shares[last] += amount - sum(shares)
    return tuple(shares)


def spread_within(amount: int, capacities: Sequence[int]) -> tuple[int, ...]:
    """Spread an amount over places in proportion to their room, none beyond it.

    What rounding leaves goes to the last places that have room.

    Args:
        amount: at most the sum of the capacities.
        capacities: room of each place, >= 0.
    """
    room = sum(capacities)
    assert 0 <= amount <= room, "more than there is room for"
    shares = [amount * capacity // room if room else 0 for capacity in capacities]
    left = amount - sum(shares)
    for index in range(len(shares) - 1, -1, -1):
        extra = min(left, capacities[index] - shares[index])
        shares[index] += extra
        left -= extra
    return tuple(shares)

"""Lists of orders that are asked for by words or by an actor too: these are looked up first, and the list is of what
was found.
"""

from dataclasses import dataclass, replace

import asyncpg

from ledger.ids import Site
from projections.listing import Filter, Operator, OrderQuery
from projections.search.search import FoundIds, orders_changed_by, orders_with_words

# Filters that the order view does not have. Each holds one value; all of them must hold.
WORDS = "words"
ACTOR = "actor"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A list with ids in place of words and actors; ``is_bounded`` where a search ended at its bound."""

    query: OrderQuery
    is_bounded: bool


def is_looked_up(wanted: OrderQuery) -> bool:
    """Whether a list asks for words or actors."""
    return any(each.field in {WORDS, ACTOR} for each in wanted.filters)


async def look_up(pool: asyncpg.Pool, site: Site, wanted: OrderQuery) -> LookedUp:
    """The same list as filters of the order view, as it is found now."""
    filters, is_bounded = [], False
    for each in wanted.filters:
        if each.field not in {WORDS, ACTOR}:
            filters.append(each)
            continue
        found = await _find(pool, site, each)
        filters.append(Filter("id", Operator.IN, found.ids))
        is_bounded |= found.is_bounded
    return LookedUp(replace(wanted, filters=tuple(filters)), is_bounded)


async def _find(pool: asyncpg.Pool, site: Site, wanted: Filter) -> FoundIds:
    assert wanted.operator is Operator.IS
    [text] = wanted.values
    find = orders_with_words if wanted.field == WORDS else orders_changed_by
    return await find(pool, site, str(text))

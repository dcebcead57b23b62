"""Looking for orders by their words, and by who changed them."""

from dataclasses import dataclass

import asyncpg

from ledger.ids import Site
from ledger.limits import SEARCH_ORDERS_MAX
from projections.search.words import search_query, words_of_search
from projections.sql import query


@dataclass(frozen=True, slots=True)
class FoundIds:
    """Ids of at most ``SEARCH_ORDERS_MAX`` orders; ``is_bounded`` where the search ended at a bound."""

    ids: tuple[str, ...] = ()
    is_bounded: bool = False


async def orders_with_words(pool: asyncpg.Pool, site: Site, text: str) -> FoundIds:
    """Orders that have words beginning with all words of the text; none for a text without words.

    The index is a second behind the log.
    """
    words = words_of_search(text)
    if not words:
        return FoundIds()
    rows = await pool.fetch(query("orders_with_words"), site, search_query(site, words), SEARCH_ORDERS_MAX)
    return FoundIds(tuple(row["order_id"] for row in rows), is_bounded=len(rows) >= SEARCH_ORDERS_MAX)


async def orders_changed_by(pool: asyncpg.Pool, site: Site, actor: str) -> FoundIds:
    """The orders that an actor changed last, as far as the index of the log has come."""
    rows = await pool.fetch(query("orders_changed_by"), site, actor, SEARCH_ORDERS_MAX)
    is_bounded = len(rows) >= SEARCH_ORDERS_MAX or any(row["is_cut"] for row in rows)
    return FoundIds(tuple(row["order_id"] for row in rows), is_bounded=is_bounded)

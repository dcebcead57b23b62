"""Looking for orders by their words."""

import asyncpg

from ledger.ids import Site
from ledger.limits import SEARCH_ORDERS_MAX
from projections.search.words import search_query, words_of_search
from projections.sql import query


async def orders_with_words(pool: asyncpg.Pool, site: Site, text: str) -> list[str]:
    """Ids of orders that have words beginning with all words of the text; at most ``SEARCH_ORDERS_MAX`` of them.

    The index is a second behind the log.
    """
    words = words_of_search(text)
    if not words:
        return []
    rows = await pool.fetch(query("orders_with_words"), site, search_query(site, words), SEARCH_ORDERS_MAX)
    return [row["order_id"] for row in rows]


async def orders_changed_by(pool: asyncpg.Pool, site: Site, actor: str) -> list[str]:
    """Ids of the orders that an actor changed last; at most ``SEARCH_ORDERS_MAX`` of them."""
    rows = await pool.fetch(query("orders_changed_by"), site, actor, SEARCH_ORDERS_MAX)
    return [row["order_id"] for row in rows]

"""The consumer that keeps the words of orders up with the log."""

from collections.abc import Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site, order_stream
from projections.search.words import lexemes, words_of_order
from projections.sql import query

CONSUMER = "order_words"
_ORDER = order_stream("")


class OrderWords:
    """Writes down the words of every order that changed, as they stand in the order view by then."""

    name = CONSUMER
    pause_s = 0.5

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Take a page."""
        changed = sorted({event.stream.removeprefix(_ORDER) for event in page if event.stream.startswith(_ORDER)})
        rows = await connection.fetch(query("order_documents"), site, changed)
        words = [" ".join(lexemes(site, words_of_order(row["document"]))) for row in rows]
        await connection.execute(query("put_order_words"), site, [row["id"] for row in rows], words)

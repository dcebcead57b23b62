"""What the index has of orders, as a rebuild reads it."""

from dataclasses import dataclass, field
from typing import Any

from ledger.ids import Site
from projections.past.whole_orders import WholeOrder
from projections.sql import query


@dataclass(slots=True)
class IndexedOrder:
    """Of one order: its rows by ``consumer.ROW_COLUMNS`` in the order of versions, and the documents by version."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    documents: dict[int, bytes] = field(default_factory=dict)

    def is_true(self, truth: WholeOrder) -> bool:
        """Whether the rows are what they must be, and no document is other than its version's."""
        return self.rows == truth.rows and truth.has_only_true(self.documents)


async def indexed_orders(
    connection: Any, site: Site, ids: list[str] | None, after: str = "", until: str | None = None
) -> dict[str, IndexedOrder]:
    """What the index has of some orders; without ids, of all orders behind one and up to another."""
    found: dict[str, IndexedOrder] = {}
    for row in await connection.fetch(query("version_rows"), site, ids, after, until):
        found.setdefault(row["id"], IndexedOrder()).rows.append(tuple(row))
    for row in await connection.fetch(query("version_documents"), site, ids, after, until):
        found.setdefault(row["id"], IndexedOrder()).documents[row["version"]] = row["document"]
    return found

"""The documents that are kept of versions of orders, beside what was answered with them.

Most events hold the digest of the document that was answered after them (docs/decisions/0013); a kept document that has
it is right, and so is one that the events come to under current code. That none is kept is no fault: it is folded then.
"""

from collections.abc import Sequence
from typing import Any

from ledger.envelope import document_digest
from ledger.transparency.log_audit import NamedFault
from ops.view_audits.faults import PastDocumentDiffers
from ops.view_audits.folded_order import FoldedOrder
from ops.view_audits.sorted_rows import SortedRows
from projections.rebuild.comparison import Finding


class VersionDocumentsComparison:
    """Compares the documents that are kept.

    Args:
        rows: a cursor of them, by order, version and document, sorted by the first two.
        position: how far the consumer has come.
    """

    view = "order_version_documents"

    def __init__(self, rows: Any, position: int) -> None:
        self._rows = SortedRows(rows)
        self.position = position
        self.rows = 0
        self.parked = 0
        self.fault: NamedFault | None = None

    async def take(self, page: Sequence[FoldedOrder], *, is_last: bool) -> None:
        """Compare the documents of some orders."""
        shown = await self._rows.until(None if is_last else page[-1].order_id)
        orders = {order.order_id: order for order in page}
        left_out = 0
        for order_id, version, document in shown:
            order = orders.get(order_id)
            if order is None or not self._may_have(order, version):
                self.fault = PastDocumentDiffers(order_id, version, Finding.GHOST.value)
                return
            if version > len(order.digests):
                # This version of the code cannot read the order up to there.
                left_out += 1
                continue
            if order.digests[version - 1] == document_digest(document):
                continue
            if order.document(version) != document:
                self.fault = PastDocumentDiffers(order_id, version, Finding.DIFFERS.value)
                return
        self.rows += len(shown) - left_out

    def _may_have(self, order: FoldedOrder, version: int) -> bool:
        """Whether it is a version whose event the consumer has come to."""
        return 1 <= version <= len(order.events) and order.events[version - 1].position <= self.position

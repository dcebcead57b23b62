"""Plain documents of the states of one order, made cheaply because one state has most of what the one before had.

Folding keeps what an event does not change: two states share the very tuple of their lines. So an order of a thousand
lines whose note changed two hundred times has its lines written out once, not four hundred times.
"""

from msgspec.structs import replace

from ledger.order import Order
from projections.history.document_shape import LISTS, ORDER, Plain, plain_document

# Sums over the lines; the other amount is the order's own.
_SUMS = ORDER.money - {"invoice_round_off_amount"}


class SuccessiveDocuments:
    """Remembers the last two documents it made. They must not be changed."""

    def __init__(self) -> None:
        self._known: list[tuple[Order, Plain]] = []

    def of(self, order: Order) -> Plain:
        """The order's document; its members may stand in another order than the API's."""
        for known, document in self._known:
            if known is order:
                return document
        document = self._made(order)
        self._known = [(order, document), *self._known[:1]]
        return document

    def _made(self, order: Order) -> Plain:
        for known, document in self._known:
            if _has_the_same_sums(known, order):
                return _with_lines_of(order, known, document)
        return plain_document(order)


def _has_the_same_sums(one: Order, other: Order) -> bool:
    return (
        one.order_line_items is other.order_line_items
        and one.price_type is other.price_type
        and one.has_amounts == other.has_amounts
    )


def _with_lines_of(order: Order, known: Order, document: Plain) -> Plain:
    """The order's document, with the lists that are the other's, and the sums over the lines."""
    shared = [name for name in LISTS if getattr(known, name) is getattr(order, name)]
    made = plain_document(replace(order, **dict.fromkeys(shared, ())))
    return made | {name: document[name] for name in (*shared, *_SUMS) if name in document}

"""The row of the inline view repeats what its document says, so that lists filter by what they show."""

import msgspec

from ledger.batch import OrderRow
from ledger.ids import order_stream
from ledger.order import Order
from projections.order_document import order_json
from projections.order_row import order_row
from tests.ledger.laws import for_all
from tests.projections.random_orders import orders

NOT_SENT = {"stream", "version", "document"}


@for_all(order=orders, examples=60)
def test_every_column_is_the_member_of_the_document(order: Order) -> None:
    row = order_row(order)
    document = msgspec.json.decode(row.document)
    columns = set(OrderRow.__struct_fields__) - NOT_SENT
    assert {name: getattr(row, name) for name in columns} == {name: document.get(name) for name in columns}


@for_all(order=orders, examples=30)
def test_a_row_is_that_of_its_order(order: Order) -> None:
    row = order_row(order)
    assert (row.stream, row.version, row.document) == (order_stream(order.id), order.version, order_json(order))

"""The fold of the columns of lists, held against the fold of whole orders over every type of event ever written."""

from ledger.envelope import RecordedEvent, leaf_hash
from ledger.ids import StreamId, Version
from ledger.order import Order, evolve
from projections.order_row import order_row
from projections.past.columns import COLUMNS, Columns, columns_of, evolve_columns
from projections.rebuild.folding import is_order
from tests.ledger.test_corpus import MAPPER, each_log, events


@each_log
def test_each_event_ever_written_gives_the_columns_of_the_order_view(name: str) -> None:
    orders: dict[str, Order] = {}
    standing: dict[str, Columns] = {}
    seen = 0
    for position, body in events(name):
        envelope, event = MAPPER.open(body)
        if not is_order(StreamId(envelope.stream)):
            continue
        seen += 1
        record = RecordedEvent(
            stream=StreamId(envelope.stream),
            version=Version(envelope.version),
            type=envelope.type,
            recorded_at=envelope.recorded_at,
            event_id=envelope.event_id,
            leaf=leaf_hash(body),
            body=body,
            position=position,
        )
        order = orders[envelope.stream] = evolve(orders.get(envelope.stream), event)
        columns = standing[envelope.stream] = evolve_columns(standing.get(envelope.stream), record)
        row = order_row(order)
        assert columns == columns_of(order)
        assert [getattr(columns, name) for name in COLUMNS] == [getattr(row, name) for name in COLUMNS]
    assert seen > 10

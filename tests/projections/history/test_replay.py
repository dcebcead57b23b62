"""Current code is held against what was recorded: it agrees with all that it wrote itself, and nothing else passes."""

from pathlib import Path

import pytest

from ledger.envelope import EventMapper, RecordedEvent, leaf_hash
from ledger.ids import StreamId, Version
from ledger.merkle.export_line import decode_export_line
from ledger.order import Order, evolve
from projections.history.changes import Entry
from projections.history.replay import Agreement, check_code, step
from projections.order_document import order_json

CORPUS = Path(__file__).parents[2] / "ledger" / "corpus"
MAPPER = EventMapper()


def entries() -> list[Entry]:
    """Every event of an order in the frozen corpus."""
    return [entry for path in sorted(CORPUS.glob("*.events.jsonl")) for entry in entries_of(path)]


def entries_of(path: Path) -> list[Entry]:
    """Every event of an order in one log."""
    found: list[Entry] = []
    orders: dict[str, Order] = {}
    for line in path.read_bytes().splitlines():
        position, body = decode_export_line(line)
        envelope, event = MAPPER.open(body)
        if envelope.stream.startswith("order-"):
            before = orders.get(envelope.stream)
            orders[envelope.stream] = evolve(before, event)
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
            found.append(Entry(record, envelope, event, before, orders[envelope.stream]))
    return found


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.record.event_id)
def test_current_code_agrees_with_every_event_that_was_ever_written(entry: Entry) -> None:
    checked = step(entry, with_current_code=True, shown=order_json(entry.after)).code
    assert checked is not None
    assert (checked.data, checked.document) == ((), ())
    assert checked.answer is Agreement.SAME
    assert checked.agrees


def test_another_document_than_the_recorded_one_is_told() -> None:
    entry = entries()[0]
    shown = order_json(entry.after).replace(b'"deleted":false', b'"deleted":true')
    checked = check_code(entry, shown)
    assert not checked.agrees
    assert [(change.path, change.before, change.after) for change in checked.document] == [("deleted", True, False)]

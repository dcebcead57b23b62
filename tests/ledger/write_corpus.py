"""Writes a pair of files for the corpus: ``python -m tests.ledger.write_corpus 2026-12``.

What is written is frozen from then on (``test_corpus``): a new type or schema of events gets a new pair, made of a
story in which it happens.
"""

import hashlib
import sys
from pathlib import Path

import msgspec

from ledger.envelope import EventMapper
from ledger.merkle.export_line import encode_export_line
from ledger.order import Order, evolve
from projections.order_document import order_json
from tests.ledger.billing_story import billing_story
from tests.ledger.given import BEFORE, Ledger

CORPUS = Path(__file__).with_name("corpus")
_HOUR_MS = 3_600_000


def write(name: str) -> None:
    """Play the story, and write what was recorded and answered."""
    ledger = Ledger()
    ledger.now_ms = BEFORE * 1000 + 7
    for command in billing_story():
        ledger.now_ms += _HOUR_MS
        ledger.when(command)
    mapper, orders, answers = EventMapper(), dict[str, Order](), []
    for record in ledger.recorded():
        if record.stream.startswith("order-"):
            order = orders[record.stream] = evolve(orders.get(record.stream), mapper.event(record.body))
            answers.append({"stream": record.stream, "version": record.version, "document": order_json(order).decode()})
    files = {
        f"{name}.events.jsonl": b"".join(encode_export_line(each.position, each.body) for each in ledger.recorded()),
        f"{name}.documents.jsonl": b"".join(msgspec.json.encode(each) + b"\n" for each in answers),
    }
    for file, data in files.items():
        with (CORPUS / file).open("xb") as out:
            out.write(data)
        sys.stdout.write(f'    "{file}": "{hashlib.sha256(data).hexdigest()}",\n')


if __name__ == "__main__":
    write(*sys.argv[1:])

"""Events that were written once can be read for ever, and mean the same: a frozen corpus, replayed under current code.

``corpus/*.events.jsonl`` are exports of small logs with one event at least of every type and schema that was ever
written; ``corpus/*.documents.jsonl`` what the API answered with after each event of an order. The files are never
edited: a new type or schema gets a new pair of files (``write_corpus``), and its digests are added below.
"""

import hashlib
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from ledger.envelope import EventMapper, document_digest, leaf_hash
from ledger.events import EVENT_TYPES
from ledger.ids import Position
from ledger.invoice import fold_invoice
from ledger.merkle.body import read_body
from ledger.merkle.export_line import decode_export_line
from ledger.order import Order, evolve
from ledger.settings import fold_settings
from projections.order_document import order_json

CORPUS = Path(__file__).with_name("corpus")
FROZEN = {
    "2026-11-billing.documents.jsonl": "7536f0fe9539f2fa2d2665098bd47a2ef744a58ce4f050425ac175cedbbd7ac9",
    "2026-11-billing.events.jsonl": "b50421073e1bb5b2220d982e2d7fd8c98d49798fe4ad55794d6c8b870ab7644f",
    "2026-11.documents.jsonl": "40ced6293d1b96d8c11cc2523d51b48fd21e76fc67e46c55adaf171ba57a31fc",
    "2026-11.events.jsonl": "07f272fd5648e5e887d099e862fa67fffd2f5d2e98507ae056ce876b162a59f7",
}
MAPPER = EventMapper()

each_log = pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("*.events.jsonl")))


class Answered(msgspec.Struct):
    """What the API answered with after a version of an order."""

    stream: str
    version: int
    document: str


def events(name: str) -> list[tuple[Position, bytes]]:
    return [decode_export_line(line) for line in (CORPUS / name).read_bytes().splitlines()]


def answers(name: str) -> dict[tuple[str, int], bytes]:
    lines = (CORPUS / name.replace(".events.", ".documents.")).read_bytes().splitlines()
    found = (msgspec.json.decode(line, type=Answered) for line in lines)
    return {(each.stream, each.version): each.document.encode() for each in found}


def test_the_corpus_is_as_it_was_written() -> None:
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in CORPUS.glob("*.jsonl")}
    assert digests == FROZEN


def test_it_has_every_type_in_every_schema() -> None:
    written = {
        (body.type, body.schema)
        for name in FROZEN
        if ".events." in name
        for body in map(read_body, (body for _, body in events(name)))
    }
    assert written >= {
        (event_type.TOPIC, schema) for event_type in EVENT_TYPES for schema in range(1, event_type.class_version + 1)
    }


@each_log
def test_its_bodies_are_canonical_and_linked(name: str) -> None:
    last: dict[str, bytes] = {}
    for count, (position, body) in enumerate(events(name), 1):
        assert position == count
        told = read_body(body)
        assert told.previous == (last[told.stream].hex() if told.stream in last else None)
        last[told.stream] = leaf_hash(body)


@each_log
def test_orders_come_out_as_they_were_answered_then(name: str) -> None:
    orders: dict[str, Order] = {}
    expected = answers(name)
    for _, body in events(name):
        envelope, event = MAPPER.open(body)
        if envelope.stream.startswith("order-"):
            orders[envelope.stream] = evolve(orders.get(envelope.stream), event)
            document = order_json(orders[envelope.stream])
            assert document == expected.pop((envelope.stream, envelope.version))
            assert envelope.document in {None, document_digest(document)}
    assert orders
    assert not expected


@each_log
def test_invoices_and_settings_can_be_folded(name: str) -> None:
    streams = defaultdict(list)
    for _, body in events(name):
        envelope, event = MAPPER.open(body)
        streams[envelope.stream].append(event)
    invoices = [fold_invoice(found) for stream, found in streams.items() if stream.startswith("invoice-")]
    assert {invoice.facts.currency_code for invoice in invoices if invoice} == {"USD", "JPY"}
    assert fold_settings(streams["settings"]).order_number_prefix == "ORD"

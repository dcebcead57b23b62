"""What must hold of a site's log whatever was done to the service, and of every answer that it gave."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec

from ledger.envelope import Envelope, EventMapper, RecordedEvent, leaf_hash
from ledger.ids import Position, Site, StreamId
from ledger.order import Order, evolve, fold
from ledger.store import Store
from projections.order_row import order_row
from tests.log.traffic import Asked, Told

_mapper = EventMapper()

# The event that stands for an operation, in the stream of the order in its path or of the order that it made.
_EVENTS = {
    "create": "order.created",
    "import_order": "order.imported",
    "update": "order.updated",
    "cancel": "order.cancelled",
    "reopen": "order.reopened",
    "resend": "order.resent",
    "assign_order_number": "order.number_assigned",
    "create_refundable_credit_note": "order.credit_note_created",
}


@dataclass(frozen=True)
class Entry:
    """One event with what its body says."""

    event: RecordedEvent
    envelope: Envelope


async def read_log(store: Store, site: Site) -> list[Entry]:
    """The whole log of a site, checked: no gap in positions or versions, bodies hashed, links whole."""
    entries: list[Entry] = []
    last: dict[StreamId, RecordedEvent] = {}
    while page := await store.read_log(site, after=Position(len(entries))):
        for event in page:
            entries.append(Entry(event, msgspec.json.decode(event.body, type=Envelope)))
            _assert_follows(entries[-1], last.get(event.stream), position=len(entries))
            last[event.stream] = event
    assert await store.head_position(site) == len(entries)
    return entries


def _assert_follows(entry: Entry, before: RecordedEvent | None, *, position: int) -> None:
    event, said = entry.event, entry.envelope
    assert event.position == position
    assert event.version == (before.version if before else 0) + 1
    assert event.recorded_at > (before.recorded_at if before else 0)
    assert event.leaf == leaf_hash(event.body)
    assert said.previous == (before.leaf.hex() if before else None)
    assert (said.stream, said.version, said.type, said.event_id, said.recorded_at) == (
        event.stream,
        event.version,
        event.type,
        event.event_id,
        event.recorded_at,
    )


async def assert_view_is_the_fold(pool: asyncpg.Pool, site: Site, log: Iterable[Entry]) -> None:
    """Every row of the view is what the events of its order come to, and there is no other row."""
    streams: defaultdict[StreamId, list[Entry]] = defaultdict(list)
    for entry in log:
        if entry.event.stream.startswith("order-"):
            streams[entry.event.stream].append(entry)
    rows = await pool.fetch("SELECT * FROM ledger.order_view WHERE site = $1", site)
    assert {f"order-{row['id']}" for row in rows} == streams.keys()
    for row in rows:
        events = streams[StreamId(f"order-{row['id']}")]
        order = fold(_mapper.event(entry.event.body) for entry in events)
        assert order is not None
        expected = msgspec.structs.asdict(order_row(order))
        del expected["stream"]
        found = dict(row)
        del found["site"]
        assert found.pop("position") == events[-1].event.position
        assert found == expected


def assert_answers_are_true(log: list[Entry], answers: Iterable[Told]) -> None:
    """Each acknowledged request is in the log exactly once, as it was asked and as it was answered; no other is.

    Requests under one idempotency key are one; each must have been acknowledged in the end.
    """
    commands = _by_name(log)
    orders = _orders_by_time(log)
    acknowledged: defaultdict[str, list[Told]] = defaultdict(list)
    for told in answers:
        if told.acknowledged:
            assert told.order is not None
            assert told.order == orders[told.order["id"], told.order["resource_version"]], told
            acknowledged[told.asked.key or told.request_id].append(told)
    assert acknowledged.keys() == commands.keys()
    for name, repeated in acknowledged.items():
        assert all(told.order == repeated[0].order for told in repeated), repeated
        _assert_is_what_was_asked(commands[name], repeated[0].asked)


def _assert_is_what_was_asked(command: list[Entry], asked: Asked) -> None:
    assert len({entry.envelope.metadata.request_id for entry in command}) == 1, "it was done once"
    positions = [entry.event.position for entry in command]
    assert positions == list(range(positions[0], positions[0] + len(command))), "it was written in one piece"
    said = {entry.event.type: entry.envelope for entry in command}
    assert len(said) == len(command) or asked.operation == "reopen"
    event = said[_EVENTS[asked.operation]]
    if asked.order_id:
        assert event.stream == f"order-{asked.order_id}"
    match asked.operation:
        case "update":
            assert asked.form.items() <= event.data["changes"].items()
        case "create":
            assert event.data["order"]["note"] == asked.form["note"]
        case "cancel":
            assert event.data["comment"] == asked.form["comment"]
            assert ("credit_note.created" in said) is ("credit_note[total]" in asked.form)
            assert ("invoice.credit_note_issued" in said) is ("credit_note[total]" in asked.form)
        case "create_refundable_credit_note":
            assert event.data["credit_note"]["comment"] == asked.form["comment"]
            assert said.keys() == {event.type, "credit_note.created", "invoice.credit_note_issued"}
        case "resend":
            assert event.data["resent_order"]["reason"] == asked.form["resend_reason"]
            assert said["order.created_from_resend"].data["order"]["resend_reason"] == asked.form["resend_reason"]


def _by_name(log: Iterable[Entry]) -> dict[str, list[Entry]]:
    """What clients have written, by idempotency key, or by request id where there is no key."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in log:
        metadata = entry.envelope.metadata
        if metadata.actor_kind == "api_key":
            found[metadata.idempotency_key or metadata.request_id].append(entry)
    return found


def _orders_by_time(log: Iterable[Entry]) -> dict[tuple[str, int], dict[str, Any]]:
    """Every order as it was after each of its events, as the API shows it, by id and resource version."""
    orders: dict[StreamId, Order] = {}
    shown = {}
    for entry in log:
        stream = entry.event.stream
        if stream.startswith("order-"):
            order = orders[stream] = evolve(orders.get(stream), _mapper.event(entry.event.body))
            shown[order.id, order.resource_version] = msgspec.json.decode(order_row(order).document)
    return shown

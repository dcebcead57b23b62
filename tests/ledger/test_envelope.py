"""The stored form of an event: canonical bytes, their leaf, and back (design: the log)."""

import contextlib
import hashlib
import sys
from typing import Any, ClassVar

import msgspec
import pytest
import rfc8785
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from hypothesis import strategies as st
from msgspec import inspect

from api.schemas.invoice import read_invoice
from ledger.envelope import EventMapper, Metadata, has_canonical_form, leaf_hash
from ledger.errors import LedgerError
from ledger.events import (
    EVENT_TYPES,
    CreditNoteRecorded,
    DomainEvent,
    GiftRecorded,
    InvoiceRecorded,
    InvoiceUpdated,
    OrderChanges,
    OrderDeleted,
    OrderUpdated,
    SettingsChanged,
    SubscriptionRecorded,
)
from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from tests.ledger.given import METADATA, invoice
from tests.ledger.laws import for_all
from tests.ledger.random_events import integers, names, plain_values, structs, texts, types_within

SITE = Site("acme")
MAPPER = EventMapper()
DELETED = OrderDeleted(originator_id="order-1", originator_version=2, timestamp=1_700_000_000_123)

each_type = pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda event_type: event_type.TOPIC)


def body_of(event: DomainEvent, metadata: Metadata = METADATA, previous: bytes | None = None) -> bytes:
    sealed = MAPPER.seal(event, site=SITE, event_id="ev_1", previous=previous, metadata=metadata)
    return sealed.body


# Canonical bytes


@each_type
@for_all(data=st.data(), examples=30)
def test_an_event_is_sealed_in_canonical_json_and_read_back_the_same(
    event_type: type[DomainEvent], data: st.DataObject
) -> None:
    event, metadata = data.draw(structs(event_type)), data.draw(structs(Metadata))
    previous = data.draw(st.none() | st.binary(min_size=32, max_size=32))
    sealed = MAPPER.seal(event, site=SITE, event_id="ev_1", previous=previous, metadata=metadata)
    envelope, opened = MAPPER.open(sealed.body)
    assert sealed.body == rfc8785.dumps(msgspec.json.decode(sealed.body))
    assert (type(opened), opened, envelope.metadata) == (event_type, event, metadata)
    assert envelope.previous == (previous.hex() if previous else None)
    assert sealed.leaf == leaf_hash(sealed.body)


@for_all(body=st.binary(max_size=200))
def test_a_leaf_is_the_rfc_6962_hash_of_its_body(body: bytes) -> None:
    assert leaf_hash(body) == hashlib.sha256(b"\x00" + body).digest()


def test_the_columns_repeat_what_the_body_says() -> None:
    sealed = MAPPER.seal(DELETED, site=SITE, event_id="ev_1", previous=bytes(range(32)), metadata=METADATA)
    assert msgspec.json.decode(sealed.body) == {
        "site": "acme",
        "stream": sealed.stream,
        "version": sealed.version,
        "type": sealed.type,
        "schema": 1,
        "event_id": sealed.event_id,
        "recorded_at": sealed.recorded_at,
        "previous": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "metadata": msgspec.to_builtins(METADATA),
        "data": {},
    }
    assert (sealed.stream, sealed.version, sealed.type) == ("order-1", 2, "order.deleted")
    assert (sealed.event_id, sealed.recorded_at) == ("ev_1", 1_700_000_000_123)
    assert sealed.leaf == leaf_hash(sealed.body)


def test_the_first_event_of_a_stream_has_no_link() -> None:
    assert "previous" not in msgspec.json.decode(body_of(DELETED))


def test_every_leaf_binds_the_whole_history_of_its_stream() -> None:
    first = MAPPER.seal(DELETED, site=SITE, event_id="ev_1", previous=None, metadata=METADATA)
    other = MAPPER.seal(DELETED, site=SITE, event_id="ev_2", previous=None, metadata=METADATA)
    assert first.leaf != other.leaf
    assert leaf_hash(body_of(DELETED, previous=first.leaf)) != leaf_hash(body_of(DELETED, previous=other.leaf))


def test_an_unset_member_and_a_cleared_one_are_not_the_same() -> None:
    unset = OrderUpdated(originator_id="order-1", originator_version=2, timestamp=1)
    cleared = OrderUpdated(originator_id="order-1", originator_version=2, timestamp=1, changes=OrderChanges(note=None))
    assert msgspec.json.decode(body_of(unset))["data"] == {}
    assert msgspec.json.decode(body_of(cleared))["data"] == {"changes": {"note": None}}


def test_a_mapper_reads_the_stored_events_of_eventsourcing() -> None:
    stored = StoredEvent(originator_id="order-1", originator_version=2, topic="order.deleted", state=body_of(DELETED))
    assert MAPPER.to_domain_event(stored) == DELETED


# No floats


def test_no_member_of_an_event_can_be_a_float() -> None:
    free: set[str] = set()
    kinds: list[type[msgspec.Struct]] = [*EVENT_TYPES, Metadata]
    for event_type in kinds:
        found = types_within(event_type)
        assert not [info for info in found if isinstance(info, inspect.FloatType | inspect.DecimalType)]
        if any(isinstance(info, inspect.AnyType) for info in found):
            free.add(event_type.__name__)
    described = (InvoiceRecorded, InvoiceUpdated, CreditNoteRecorded, SubscriptionRecorded, GiftRecorded)
    assert free == {each.__name__ for each in (*described, SettingsChanged)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@for_all(value=json_values, tax_rate=st.floats(0, 100) | st.integers(0, 100))
def test_an_invoice_from_outside_has_a_canonical_form_or_is_refused(value: Any, tax_rate: float) -> None:
    tax = {"line_item_id": "li_1", "tax_name": "VAT", "tax_rate": tax_rate, "taxable_amount": 1, "tax_amount": 1}
    description = invoice(line_item_taxes=[tax]).description | {"something": value}
    try:
        command = read_invoice(description)
    except LedgerError:
        return
    assert has_canonical_form(command.description)
    body = body_of(InvoiceRecorded(originator_id="i", originator_version=1, timestamp=1, invoice=command.description))
    assert body == rfc8785.dumps(msgspec.json.decode(body))
    assert MAPPER.event(body) == InvoiceRecorded(
        originator_id="i", originator_version=1, timestamp=1, invoice=command.description
    )


@for_all(value=plain_values)
def test_what_has_a_canonical_form_is_written_in_it(value: Any) -> None:
    assert has_canonical_form(value)
    assert MAPPER.transcoder.encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.0, 1e300, INTEGER_MAX + 1, -INTEGER_MAX - 1, "\ud800", {"\u00fc": 1}, (1,), b"1"])
@for_all(depth=st.lists(st.booleans(), max_size=3))
def test_what_has_no_canonical_form_is_known(value: object, depth: list[bool]) -> None:
    for in_list in depth:
        value = ["before", value] if in_list else {"before": 1, "name": value}
    assert not has_canonical_form(value)


# Upcasting


class Widened(DomainEvent, frozen=True, kw_only=True):
    """An event whose shape has changed twice; ``text`` was a list ``words`` and before that ``word``."""

    TOPIC = "test.widened"
    class_version: ClassVar[int] = 3

    text: str

    @staticmethod
    def upcast_v1_v2(data: dict[str, Any]) -> None:
        data["words"] = [data.pop("word"), *data.pop("more", [])]

    @staticmethod
    def upcast_v2_v3(data: dict[str, Any]) -> None:
        data["words"].append("!")
        data["text"] = " ".join(data.pop("words"))


WIDE_MAPPER = EventMapper((Widened,))


def widened(schema: int, data: dict[str, Any]) -> bytes:
    body = msgspec.json.decode(body_of(DELETED)) | {"type": "test.widened", "schema": schema, "data": data}
    return msgspec.json.encode(body)


@pytest.mark.parametrize(
    ("schema", "data", "text"),
    [(1, {"word": "a"}, "a !"), (2, {"words": ["a", "b"]}, "a b !"), (3, {"text": "a"}, "a")],
)
def test_an_old_event_is_read_through_every_upcaster_since(schema: int, data: dict[str, Any], text: str) -> None:
    envelope, event = WIDE_MAPPER.open(widened(schema, data))
    assert event == Widened(originator_id="order-1", originator_version=2, timestamp=DELETED.timestamp, text=text)
    assert (envelope.schema, envelope.data) == (schema, data)


def test_an_event_is_sealed_in_its_newest_schema() -> None:
    event = Widened(originator_id="order-1", originator_version=2, timestamp=1, text="a")
    sealed = WIDE_MAPPER.seal(event, site=SITE, event_id="ev_1", previous=None, metadata=METADATA)
    assert (msgspec.json.decode(sealed.body)["schema"], WIDE_MAPPER.event(sealed.body)) == (3, event)


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (0, {"text": "a"}),
        (-1, {"text": "a"}),
        (4, {"text": "a"}),
        (10**30, {"text": "a"}),
        (1, {}),
        (1, {"word": 1}),
        (2, {"words": 5}),
        (3, {"word": "a"}),
    ],
)
def test_an_event_of_an_unknown_schema_or_with_data_of_another_is_not_read(schema: int, data: dict[str, Any]) -> None:
    with pytest.raises(MapperDeserialisationError):
        WIDE_MAPPER.open(widened(schema, data))


# What cannot be read


def changed(**members: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(body_of(DELETED)) | members)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'{"site":',
        b'{"site":"\xff"}',
        b"{" * 100_000,
        b'{"a":' * 100_000,
        body_of(DELETED)[:-1],
        body_of(DELETED) + b"}",
        changed(type="order.unheard_of"),
        changed(type=""),
        changed(type=7),
        changed(schema="1"),
        changed(version="1"),
        changed(recorded_at=1.5),
        changed(data=[]),
        changed(metadata={}),
        changed(metadata=None),
        changed(type="order.cancelled", data={"credit_note": 1}),
        changed(type="order.updated", data={"changes": {"status": "unheard_of"}}),
        changed(type="order.created", data={}),
        changed(type="order.created", data={"order": None}),
        changed(type="credit_note.created", data={"total": "1"}),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_cannot_be_read_is_refused_as_one_error(body: bytes) -> None:
    with pytest.raises(MapperDeserialisationError, match="not a readable event"):
        MAPPER.open(body)


@for_all(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_body_with_a_changed_byte_is_read_or_refused_as_that_one_error(place: int, byte: int) -> None:
    body = bytearray(body_of(DELETED))
    body[place % len(body)] = byte
    with contextlib.suppress(MapperDeserialisationError):
        assert isinstance(MAPPER.event(bytes(body)), DomainEvent)


@pytest.mark.parametrize("name", ["this", "this:s", "ledger.events:OrderDeleted", "json:dumps", "antigravity.x:y"])
def test_a_type_never_names_code_to_be_loaded(name: str) -> None:
    loaded = set(sys.modules)
    with pytest.raises(MapperDeserialisationError):
        MAPPER.open(changed(type=name))
    assert set(sys.modules) == loaded


@for_all(text=texts, number=integers, name=names)
def test_text_numbers_and_names_come_back_as_they_were(text: str, number: int, name: str) -> None:
    described = {"text": text, "number": number, "nested": [{name: None}]}
    event = InvoiceRecorded(originator_id="i", originator_version=1, timestamp=1, invoice=described)
    read = MAPPER.event(body_of(event))
    assert isinstance(read, InvoiceRecorded)
    assert read.invoice == described

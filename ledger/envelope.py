"""The stored form of an event: the exact bytes that are hashed, and back.

The body is canonical JSON (RFC 8785) with the site, stream, version, type, schema number, event id, recorded time,
the leaf of the stream's previous event, metadata and data; not the position, which is known only at the commit.
Nobody has to serialise anything again to verify it: leaf = SHA-256(0x00 || body), as RFC 6962 hashes a leaf.

``msgspec`` with sorted keys gives the bytes of RFC 8785 as long as there are no floats, integers stay within 2^53
and keys are ASCII; the domain sees to all three, and a test compares the bytes with the ``rfc8785`` package.
"""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent, Transcoder

from ledger.events import EVENT_TYPES, DomainEvent
from ledger.ids import Position, Site, StreamId, Version
from ledger.limits import INTEGER_MAX

LEAF_PREFIX = b"\x00"
_ENVELOPE_MEMBERS = ("originator_id", "originator_version", "timestamp")

# What reading raises for bytes that are no event: bad JSON or UTF-8, unknown names, data that an upcaster trips over.
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError, RecursionError)


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it, through which door, and why: recorded with every event, never optional as a whole.

    ``source`` is Chargebee's vocabulary (``ledger.vocabulary.EventSource``). ``correlation_id`` is shared by all that
    follows from one first cause, ``causation_id`` is the direct cause; both are the request id for a plain call.
    """

    actor: str
    actor_kind: str
    source: str
    request_id: str
    correlation_id: str
    causation_id: str
    idempotency_key: str | None = None
    origin_user: str | None = None
    origin_ip: str | None = None
    origin_device: str | None = None
    method: str | None = None
    path: str | None = None
    business_entity_id: str | None = None
    webhooks_disabled: bool = False


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The members of a body.

    ``previous`` is the leaf of the stream's previous event in hex; the first has none. ``document`` is the SHA-256 in
    hex of the order as the API answered with it after the event, on the last event of an order in its command: with
    it a later version of the code can be held against what was answered at the time.
    """

    site: str
    stream: str
    version: int
    type: str
    schema: int
    event_id: str
    recorded_at: int
    previous: str | None = None
    document: str | None = None
    metadata: Metadata
    data: dict[str, Any]


class SealedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is written: columns, which repeat what the body says, and the body. ``leaf`` is 32 bytes."""

    stream: StreamId
    version: Version
    type: str
    recorded_at: int
    event_id: str
    leaf: bytes
    body: bytes


class RecordedEvent(SealedEvent, frozen=True, kw_only=True):
    """An event as it was read back: with its place in the site's log."""

    position: Position


class CanonicalTranscoder(Transcoder):
    """JSON in canonical form, for the ``Mapper`` of eventsourcing."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder(order="sorted")
        self._decoder = msgspec.json.Decoder()

    def encode(self, obj: Any) -> bytes:
        """The canonical bytes of plain data or structs without floats."""
        return self._encoder.encode(obj)

    def decode(self, data: bytes) -> Any:
        """Plain data from JSON."""
        return self._decoder.decode(data)


class EventMapper(Mapper[str]):
    """Turns domain events into sealed ones and recorded ones into domain events.

    Args:
        event_types: the types that there are; a stored name of none of them is refused. eventsourcing would import
            whatever module the name spells, and a body may come from anybody.
    """

    def __init__(self, event_types: Iterable[type[DomainEvent]] = EVENT_TYPES) -> None:
        super().__init__(CanonicalTranscoder())
        self._event_types = {event_type.TOPIC: event_type for event_type in event_types}
        self._envelope = msgspec.json.Decoder(Envelope)

    def seal(
        self,
        event: DomainEvent,
        *,
        site: Site,
        event_id: str,
        previous: bytes | None,
        metadata: Metadata,
        document: bytes | None = None,
    ) -> SealedEvent:
        """The event with its canonical body and leaf.

        Args:
            previous: the leaf before it in its stream.
            document: the order as the API answers with it after the event.
        """
        body = self.transcoder.encode(
            Envelope(
                site=site,
                stream=event.originator_id,
                version=event.originator_version,
                type=event.TOPIC,
                schema=event.class_version,
                event_id=event_id,
                recorded_at=event.timestamp,
                previous=previous.hex() if previous else None,
                document=document_digest(document) if document else None,
                metadata=metadata,
                data=data_of(event),
            )
        )
        return SealedEvent(
            stream=StreamId(event.originator_id),
            version=Version(event.originator_version),
            type=event.TOPIC,
            recorded_at=event.timestamp,
            event_id=event_id,
            leaf=leaf_hash(body),
            body=body,
        )

    def open(self, body: bytes) -> tuple[Envelope, DomainEvent]:
        """The members of a body, and its event under current code; errors as for ``envelope`` and ``event_of``."""
        envelope = self.envelope(body)
        return envelope, self.event_of(envelope)

    def event(self, body: bytes) -> DomainEvent:
        """The event of a body under current code; errors as for ``open``."""
        return self.open(body)[1]

    def envelope(self, body: bytes) -> Envelope:
        """The members of a body, as they are stored.

        Raises:
            MapperDeserialisationError: the body is no envelope.
        """
        try:
            return self._envelope.decode(body)
        except _UNREADABLE as error:
            raise MapperDeserialisationError(f"not a readable event: {error}") from error

    def event_of(self, envelope: Envelope) -> DomainEvent:
        """The event of an envelope under current code.

        Raises:
            MapperDeserialisationError: its type or schema is unknown, or its data do not fit it.
        """
        try:
            return self._event_of(envelope)
        except _UNREADABLE as error:
            raise MapperDeserialisationError(f"not a readable event: {error}") from error

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event of an eventsourcing ``StoredEvent`` whose state is a body."""
        return self.event(stored_event.state)

    def _event_of(self, envelope: Envelope) -> DomainEvent:
        event_type = self._event_types[envelope.type]
        if not 1 <= envelope.schema <= event_type.class_version:
            raise ValueError(f"{envelope.type} has no schema {envelope.schema}")
        # Upcasters edit in place, and the envelope goes on saying what is stored.
        data = deepcopy(envelope.data) if envelope.schema < event_type.class_version else dict(envelope.data)
        for version in range(envelope.schema, event_type.class_version):
            getattr(event_type, f"upcast_v{version}_v{version + 1}")(data)
        data["originator_id"] = envelope.stream
        data["originator_version"] = envelope.version
        data["timestamp"] = envelope.recorded_at
        return msgspec.convert(data, event_type)


def data_of(event: DomainEvent) -> dict[str, Any]:
    """What a body keeps of the event itself: its members but those that the envelope has."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    for member in _ENVELOPE_MEMBERS:
        del data[member]
    return data


def has_canonical_form(value: Any) -> bool:
    """Whether plain data can be written in the one way of RFC 8785 and read back the same.

    Text is whole characters, integers stay within 2^53, names are ASCII; there are no floats.
    """
    match value:
        case None | bool():
            return True
        case str():
            return _is_encodable(value)
        case int():
            return -INTEGER_MAX <= value <= INTEGER_MAX
        case list():
            return all(map(has_canonical_form, value))
        case dict():
            return all(
                isinstance(name, str) and name.isascii() and has_canonical_form(each) for name, each in value.items()
            )
    return False


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def leaf_hash(body: bytes) -> bytes:
    """The RFC 6962 leaf of a body, 32 bytes."""
    return hashlib.sha256(LEAF_PREFIX + body).digest()


def document_digest(document: bytes) -> str:
    """What a body keeps of an order's document: its SHA-256 in hex."""
    return hashlib.sha256(document).hexdigest()


def events_of(mapper: EventMapper, records: Iterable[SealedEvent]) -> list[DomainEvent]:
    """The domain events of sealed or recorded ones, in their order."""
    return [mapper.event(record.body) for record in records]

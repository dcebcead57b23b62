"""What a verifier reads in a body, and how an event follows the one before it in its stream.

A body is read twice over: it must be the one canonical form of what it says (RFC 8785 without floats, integers within
2^53, names in ASCII), or two readers could understand it differently; and it must have the members of an event.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from ledger.envelope import RecordedEvent, has_canonical_form
from ledger.merkle.faults import Fault, LinkBreaks, StandsBefore, TimeGoesBack, VersionBreaks
from ledger.merkle.limits import EVENT_BODY_BYTES_MAX

_LONG_NUMBER = b"9" * 16  # 2^53 - 1 has sixteen digits
_DIGITS = bytes(0x39 if 0x30 <= byte <= 0x39 else byte for byte in range(256))

_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, msgspec.Meta(ge=1)]


class EventBody(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a body that are verified. ``previous`` is the leaf before it in its stream, in hex."""

    site: str
    stream: str
    version: _Count
    type: str
    schema: _Count
    event_id: str
    recorded_at: int
    previous: _Hash | None = None
    metadata: dict[str, Any]
    data: dict[str, Any]


class UnreadableBody(ValueError):
    """The bytes are not an event in canonical JSON."""


@dataclass(frozen=True, slots=True)
class Predecessor:
    """Of the events before it in the log, the one of the same stream with the highest version not above its own.

    In a sound log that is the version right before it. ``recorded_at`` is in milliseconds, ``leaf`` is 32 bytes.
    """

    position: int
    version: int
    recorded_at: int
    leaf: bytes


class RememberedStreams:
    """Finds predecessors by remembering the last event of each stream, for logs that are read from their beginning.

    Memory grows with the number of streams, so this is for proofs, tests and small logs; a database finds the
    predecessor by its index on stream and version (docs/decisions/0008-checkpoints-and-tiles.md).
    """

    def __init__(self) -> None:
        self._last: dict[str, Predecessor] = {}

    def predecessor(self, event: RecordedEvent) -> Predecessor | None:
        """The last event of its stream that was seen; from now on that is this one."""
        before = self._last.get(event.stream)
        self._last[event.stream] = Predecessor(event.position, event.version, event.recorded_at, event.leaf)
        return before


def read_body(body: bytes) -> EventBody:
    """The members of a body.

    Raises:
        UnreadableBody: too large, not JSON, not in canonical form, or not the members of an event.
    """
    if len(body) > EVENT_BODY_BYTES_MAX:
        raise UnreadableBody(f"it has {len(body)} bytes")
    try:
        value = _DECODER.decode(body)
        if _ENCODER.encode(value) != body or not _is_plain(value, body):
            raise UnreadableBody("it has another form")
        return msgspec.convert(value, EventBody)
    except UnreadableBody:
        raise
    except (ValueError, RecursionError) as error:
        raise UnreadableBody(str(error)) from error


def succession_fault(position: int, event: EventBody, before: Predecessor | None) -> Fault | None:
    """What is wrong with the way an event follows the one before it in its stream, if anything is."""
    expected = before.version + 1 if before else 1
    if event.version != expected:
        return VersionBreaks(position, event.stream, expected, event.version)
    link = before.leaf.hex() if before else None
    if event.previous != link:
        return LinkBreaks(position, event.stream, event.previous, link)
    if before and before.position >= position:
        return StandsBefore(position, event.stream, event.version, before.position)
    if before and before.recorded_at >= event.recorded_at:
        return TimeGoesBack(position, event.stream, before.recorded_at, event.recorded_at)
    return None


def _is_plain(value: Any, body: bytes) -> bool:
    """Whether names are ASCII and integers short; the look at every value is only taken where it could matter."""
    is_plain = body.isascii() and _LONG_NUMBER not in body.translate(_DIGITS)
    return is_plain or has_canonical_form(value)


def _refuse_float(text: str) -> None:
    raise UnreadableBody(f"the number {text} is no integer")


_DECODER = msgspec.json.Decoder(float_hook=_refuse_float)
_ENCODER = msgspec.json.Encoder(order="sorted")

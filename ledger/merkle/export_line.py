"""The lines of an export: what ``auditor.py`` reads, and what anybody can read.

    {"position":1,"body":"{\\"data\\":{...},\\"event_id\\":\\"ev_...\\", ...}"}

One JSON object a line, in UTF-8, ended by a newline; positions from 1 without gaps. ``body`` is the exact body as
text: its UTF-8 bytes are the bytes that are hashed. There is nothing else in a line, because all else is in the body
or computed from it.
"""

import msgspec

from ledger.ids import Position


class MalformedLine(ValueError):
    """Bytes that are no line of an export."""


class ExportedEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: the place in the site's log and the body as text."""

    position: Position
    body: str


def encode_export_line(position: Position, body: bytes) -> bytes:
    """The line of an event, with its newline.

    Raises:
        UnicodeDecodeError: the body is not UTF-8, which no body of ours is.
    """
    return _ENCODER.encode(ExportedEvent(position, body.decode())) + b"\n"


def decode_export_line(line: bytes) -> tuple[Position, bytes]:
    """Position and body of a line.

    Raises:
        MalformedLine: not such a line.
    """
    try:
        event = _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedLine(str(error)) from error
    return event.position, event.body.encode()


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(ExportedEvent)

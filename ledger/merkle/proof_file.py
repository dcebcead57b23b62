"""Proof files: what an auditor keeps to show, years later and offline, that an event or a whole stream was recorded.

One event is a C2SP tlog-proof with the exact body as its extra data, "additional data necessary to reconstruct the
record hash":

    c2sp.org/tlog-proof@v1
    extra <base64 of the body>
    index <position - 1>
    <hash in base64>                    none or more: the inclusion proof, the leaf's sibling first
                                        an empty line
    <the checkpoint, verbatim>

A stream has another first line, ``order-ledger/stream-proof@v1``, and the three middle parts once for each event, from
its first version on. That none is missing in between is shown by the links in the bodies: the first names no leaf
before it, each other one names the leaf of the one before. They cannot show that none came later, and neither can any
inclusion proof: for that an auditor looks for the stream in an export up to the same checkpoint.

Keys are not in the file. Who could replace the file could replace them too; a verifier brings its own.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.envelope import leaf_hash
from ledger.ids import Position
from ledger.merkle.checkpoint import decode_hash, encode_hash
from ledger.merkle.keys import decode_base64
from ledger.merkle.limits import (
    EVENT_BODY_BYTES_MAX,
    PROOF_FILE_BYTES_MAX,
    PROOF_FILE_EVENTS_MAX,
    PROOF_HASHES_MAX,
    TREE_SIZE_MAX,
)

EVENT_HEADER = "c2sp.org/tlog-proof@v1"
STREAM_HEADER = "order-ledger/stream-proof@v1"
_BODY, _INDEX = "extra ", "index "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class MalformedProof(ValueError):
    """Bytes that are no proof file, or values that cannot stand in one."""


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event in a proof file: its exact body, its leaf index, and the inclusion proof (``proof``).

    Raises:
        MalformedProof: no body or too long a one, an index out of range, too many hashes.
    """

    body: bytes
    index: int
    proof: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.body) <= EVENT_BODY_BYTES_MAX or len(self.proof) > PROOF_HASHES_MAX:
            raise MalformedProof(f"{len(self.body)} bytes of body and {len(self.proof)} hashes prove no event")
        if not 0 <= self.index < TREE_SIZE_MAX:
            raise MalformedProof(f"no tree has a leaf {self.index}")

    @property
    def position(self) -> Position:
        """The place in the site's log, from 1."""
        return Position(self.index + 1)

    @property
    def leaf(self) -> bytes:
        """The leaf hash of the body."""
        return leaf_hash(self.body)


@dataclass(frozen=True, slots=True)
class EventProof:
    """One event and the note of the checkpoint that it is proven by."""

    event: ProvenEvent
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class StreamProof:
    """A stream from its first event on, and the note of the checkpoint that all are proven by.

    Raises:
        MalformedProof: no event, or more than ``PROOF_FILE_EVENTS_MAX``.
    """

    events: tuple[ProvenEvent, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.events) <= PROOF_FILE_EVENTS_MAX:
            raise MalformedProof(f"a proof of a stream has 1 to {PROOF_FILE_EVENTS_MAX} events, not {len(self.events)}")


def encode_proof(proof: EventProof | StreamProof) -> bytes:
    """The bytes of a proof file; ``.tlog-proof`` is the usual ending of its name.

    Raises:
        MalformedProof: they would be more than ``PROOF_FILE_BYTES_MAX``.
    """
    header, events = (EVENT_HEADER, (proof.event,)) if isinstance(proof, EventProof) else (STREAM_HEADER, proof.events)
    lines = [header, *(line for event in events for line in _lines(event)), "", ""]
    data = "\n".join(lines).encode() + proof.checkpoint
    if len(data) > PROOF_FILE_BYTES_MAX:
        raise MalformedProof(f"a proof file has at most {PROOF_FILE_BYTES_MAX} bytes, not {len(data)}")
    return data


def decode_proof(data: bytes) -> EventProof | StreamProof:
    """A proof from the bytes of its file. Nothing is verified; ``verify_proof`` does.

    Raises:
        MalformedProof: too long, another first line, or a part that is missing, superfluous or of another form.
    """
    if len(data) > PROOF_FILE_BYTES_MAX:
        raise MalformedProof(f"a proof file has at most {PROOF_FILE_BYTES_MAX} bytes, not {len(data)}")
    head, empty_line, checkpoint = data.partition(b"\n\n")
    if not empty_line or not head.isascii():
        raise MalformedProof("a proof is lines of ASCII, an empty line and a checkpoint")
    header, *lines = head.decode().split("\n")
    events = tuple(_parse_events(lines))
    if header == STREAM_HEADER:
        return StreamProof(events, checkpoint)
    if header != EVENT_HEADER or len(events) != 1:
        raise MalformedProof(f"{len(events)} events behind {header[:100]!r} are no proof")
    return EventProof(events[0], checkpoint)


def _lines(event: ProvenEvent) -> Iterator[str]:
    yield _BODY + base64.b64encode(event.body).decode()
    yield f"{_INDEX}{event.index}"
    yield from map(encode_hash, event.proof)


def _parse_events(lines: list[str]) -> Iterator[ProvenEvent]:
    starts = [place for place, line in enumerate(lines) if line.startswith(_BODY)]
    if not starts or starts[0] != 0:
        raise MalformedProof("an event begins with a line of its body")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _parse_event(lines[start:end])


def _parse_event(lines: list[str]) -> ProvenEvent:
    index = lines[1].removeprefix(_INDEX) if len(lines) > 1 and lines[1].startswith(_INDEX) else ""
    if not _NUMBER.fullmatch(index):
        raise MalformedProof("behind the body stands the index of the event")
    try:
        return ProvenEvent(
            body=decode_base64(lines[0].removeprefix(_BODY)),
            index=int(index),
            proof=tuple(decode_hash(line) for line in lines[2:]),
        )
    except ValueError as error:
        raise MalformedProof(str(error)) from error

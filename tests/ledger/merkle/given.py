"""Small logs to prove and to tamper with: orders of a few events each, interleaved, linked as the ledger links them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ledger.envelope import Envelope, Metadata, RecordedEvent, leaf_hash
from ledger.ids import Position, Site, StreamId, Version
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.export_line import encode_export_line
from ledger.merkle.keys import SigningKey
from ledger.merkle.proof import prove_inclusion
from ledger.merkle.proof_file import EventProof, ProvenEvent, StreamProof
from ledger.merkle.tree import CompactRange, Node, node_hash, root_of_leaves

SITE = Site("acme")
ORIGIN = "ledger.example/acme"
KEY = SigningKey(ORIGIN, bytes(range(32)))
NEXT_KEY = SigningKey(ORIGIN, bytes(range(1, 33)))
THIEF = SigningKey(ORIGIN, bytes(32))
METADATA = Metadata(
    actor="ops", actor_kind="api_key", source="api", request_id="req_1", correlation_id="req_1", causation_id="req_1"
)


@dataclass(frozen=True, slots=True)
class Happened:
    """What an event is made of; ``note`` is its data."""

    stream: str
    note: str


def history(count: int, orders: int = 3) -> list[Happened]:
    """Events of a few orders in turn; names and notes go beyond ASCII."""
    return [Happened(f"order-{number % orders}ü", f"change {number} “€”") for number in range(count)]


def recorded(events: Iterable[Happened], site: Site = SITE) -> list[RecordedEvent]:
    """Events as a ledger records them: positions, versions, times and links without a gap."""
    log: list[RecordedEvent] = []
    last: dict[str, RecordedEvent] = {}
    for event in events:
        before = last.get(event.stream)
        body = canonical(
            Envelope(
                site=site,
                stream=event.stream,
                version=before.version + 1 if before else 1,
                type="order.updated",
                schema=1,
                event_id=f"ev_{len(log)}",
                recorded_at=1_700_000_000_000 + len(log),
                previous=before.leaf.hex() if before else None,
                metadata=METADATA,
                data={"note": event.note},
            )
        )
        last[event.stream] = as_row(body, len(log) + 1)
        log.append(last[event.stream])
    return log


def log_of(count: int, orders: int = 3) -> list[RecordedEvent]:
    """A log of so many events."""
    return recorded(history(count, orders))


def canonical(value: object) -> bytes:
    """The canonical bytes of an envelope or of plain data."""
    return msgspec.json.encode(value, order="sorted")


def as_row(body: bytes, position: int) -> RecordedEvent:
    """The row of a body: columns and leaf as it says."""
    envelope = msgspec.json.decode(body, type=Envelope)
    return RecordedEvent(
        stream=StreamId(envelope.stream),
        version=Version(envelope.version),
        type=envelope.type,
        recorded_at=envelope.recorded_at,
        event_id=envelope.event_id,
        leaf=leaf_hash(body),
        body=body,
        position=Position(position),
    )


def edited(event: RecordedEvent, **members: object) -> RecordedEvent:
    """The row with other members in its body, and columns and leaf that fit them."""
    return as_row(canonical(msgspec.json.decode(event.body) | members), event.position)


def renumbered(log: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """The rows at positions without a gap."""
    return [msgspec.structs.replace(event, position=Position(place)) for place, event in enumerate(log, 1)]


def leaves_of(log: Iterable[RecordedEvent]) -> list[bytes]:
    """The leaves of a log."""
    return [event.leaf for event in log]


def checkpoint_of(log: Sequence[RecordedEvent], origin: str = ORIGIN) -> Checkpoint:
    """The checkpoint of a whole log."""
    return Checkpoint(origin, len(log), root_of_leaves(leaves_of(log)))


def signed(log: Sequence[RecordedEvent], *keys: SigningKey) -> bytes:
    """The note of a log's checkpoint, by the log's key unless others are given."""
    return sign_checkpoint(checkpoint_of(log), *(keys or (KEY,))).encode()


def export_of(log: Iterable[RecordedEvent]) -> bytes:
    """The export of a log."""
    return b"".join(encode_export_line(event.position, event.body) for event in log)


def proven(log: Sequence[RecordedEvent], event: RecordedEvent) -> ProvenEvent:
    """An event of the log with its inclusion proof."""
    index = event.position - 1
    read = nodes_of(leaves_of(log))
    return ProvenEvent(event.body, index, tuple(prove_inclusion(index, len(log), read)))


def event_proof(log: Sequence[RecordedEvent], position: int) -> EventProof:
    """The proof of one event under the checkpoint of the whole log."""
    return EventProof(proven(log, log[position - 1]), signed(log))


def stream_proof(log: Sequence[RecordedEvent], stream: str) -> StreamProof:
    """The proof of a stream under the checkpoint of the whole log."""
    return StreamProof(tuple(proven(log, event) for event in log if event.stream == stream), signed(log))


class nodes_of:  # noqa: N801 (reads like the function that it stands for)
    """Reads the nodes of a tree straight from its leaves."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves
        self.read: list[Node] = []

    def __call__(self, node: Node) -> bytes:
        self.read.append(node)
        first = node.index << node.level
        assert first + (1 << node.level) <= len(self._leaves)
        return defined_root(self._leaves[first : first + (1 << node.level)])


def random_leaves(count: int) -> list[bytes]:
    """So many hashes, always the same."""
    return [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(count)]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word: the definition that everything else is compared with."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def compact_range_of(leaves: Iterable[bytes]) -> CompactRange:
    """A tree that grew leaf by leaf."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree

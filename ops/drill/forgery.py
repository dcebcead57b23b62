"""False events that look as right as an attacker can make them: canonical bodies, leaves that fit, links that fit."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from ledger.envelope import leaf_hash

_encoder = msgspec.json.Encoder(order="sorted")


class Stored(NamedTuple):
    """An event of the log as far as a forger needs it."""

    position: int
    stream: str
    body: bytes


class Forged(NamedTuple):
    """What takes the place of an event."""

    position: int
    body: bytes

    @property
    def leaf(self) -> bytes:
        """The leaf that fits the body."""
        return leaf_hash(self.body)


def blamed_on_another(body: bytes) -> bytes:
    """The body, in which somebody else did it."""
    members = msgspec.json.decode(body)
    return _encode(_blame(members))


def under_another_name(body: bytes, stream: str, event_id: str) -> bytes:
    """The first event of another stream, made after that of a real one."""
    return _encode(msgspec.json.decode(body) | {"stream": stream, "event_id": event_id})


def rewritten(events: Iterable[Stored], blamed: range) -> Iterator[Forged]:
    """Events in the order of their positions, as they must be once those in a range are blamed on another.

    What follows a changed event in its stream names its new leaf, and so on to the end of the stream.
    """
    leaves: dict[str, bytes] = {}
    for event in events:
        if event.position not in blamed and event.stream not in leaves:
            continue
        members = msgspec.json.decode(event.body)
        if event.position in blamed:
            members = _blame(members)
        if event.stream in leaves:
            members["previous"] = leaves[event.stream].hex()
        forged = Forged(event.position, _encode(members))
        leaves[event.stream] = forged.leaf
        yield forged


def _blame(members: dict[str, Any]) -> dict[str, Any]:
    metadata = members["metadata"]
    return members | {"metadata": metadata | {"actor": f"not {metadata['actor']}"}}


def _encode(members: dict[str, Any]) -> bytes:
    return _encoder.encode(members)

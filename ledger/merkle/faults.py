"""What can be wrong with a log, its checkpoints and its proofs: a closed set, each with the sentence that names it.

Of the events:      LeafDiffers, NotCanonical, ColumnDiffers, PositionBreaks, VersionBreaks, StandsBefore, LinkBreaks,
                    TimeGoesBack
Of checkpoints:     NoteMalformed, OriginDiffers, KeyUnknown, SignatureBad, SizeDiffers, RootDiffers, GoesBack, Forks,
                    AheadOfLog
Of tiles, proofs:   TileDiffers, ProofFails

``position`` is the place in the site's log, from 1. ``source`` says in words which checkpoint is meant: "checkpoint",
or "anchor" and where it is kept. Hashes are 32 bytes, and hex in sentences.
"""

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar


class _Fault:
    __slots__ = ()
    SENTENCE: ClassVar[str]

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        members = _members(self)
        return self.SENTENCE.format(**{name: "none" if value is None else value for name, value in members.items()})


@dataclass(frozen=True, slots=True)
class LeafDiffers(_Fault):
    """The stored leaf is not the hash of the stored body: one of them was changed."""

    SENTENCE = "Event {position}: its leaf is {stored}, but its body hashes to {computed}."
    position: int
    stored: bytes
    computed: bytes


@dataclass(frozen=True, slots=True)
class NotCanonical(_Fault):
    """The body is not canonical JSON (RFC 8785) with the members of an event."""

    SENTENCE = "Event {position}: its body is not an event in canonical JSON: {reason}."
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnDiffers(_Fault):
    """A column, or the site or stream that it is shown to be of, says something else than the body."""

    SENTENCE = "Event {position}: its {column} is {stored!r}, but its body says {in_body!r}."
    position: int
    column: str
    stored: str | int
    in_body: str | int


@dataclass(frozen=True, slots=True)
class PositionBreaks(_Fault):
    """Positions go up by one from 1: an event is missing or comes again."""

    expected: int
    found: int

    @property
    def sentence(self) -> str:
        if self.found < self.expected:
            return f"Event {self.found} comes again where event {self.expected} should stand."
        return f"Event {self.expected} is missing: event {self.found} stands in its place."


@dataclass(frozen=True, slots=True)
class VersionBreaks(_Fault):
    """Versions of a stream go up by one from 1: one is missing or comes again."""

    position: int
    stream: str
    expected: int
    found: int

    @property
    def sentence(self) -> str:
        what = "comes again where" if self.found < self.expected else "stands where"
        return f"Event {self.position}: version {self.found} of {self.stream} {what} version {self.expected} should be."


@dataclass(frozen=True, slots=True)
class StandsBefore(_Fault):
    """A version of a stream stands in the log before the version that it follows."""

    SENTENCE = (
        "Event {position}: version {version} of {stream} stands before the version that it follows, "
        "event {previous_position}."
    )
    position: int
    stream: str
    version: int
    previous_position: int


@dataclass(frozen=True, slots=True)
class LinkBreaks(_Fault):
    """The body names another previous leaf than the one before it in its stream; None for "the first"."""

    SENTENCE = "Event {position}: it names {named} as the leaf before it in {stream}, but that is {expected}."
    position: int
    stream: str
    named: str | None
    expected: str | None


@dataclass(frozen=True, slots=True)
class TimeGoesBack(_Fault):
    """``recorded_at`` (milliseconds since 1970) does not increase within a stream (docs/decisions/0003)."""

    SENTENCE = "Event {position}: recorded at {found_ms}, but the one before it in {stream} at {previous_ms}."
    position: int
    stream: str
    previous_ms: int
    found_ms: int


@dataclass(frozen=True, slots=True)
class NoteMalformed(_Fault):
    """A checkpoint has not the form of one."""

    SENTENCE = "The {source} cannot be read: {reason}."
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class OriginDiffers(_Fault):
    """A checkpoint belongs to another log."""

    SENTENCE = "The {source} is of {found!r}, not of {expected!r}."
    source: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class KeyUnknown(_Fault):
    """No known key has signed a checkpoint."""

    SENTENCE = "The {source} is signed by none of the known keys."
    source: str


@dataclass(frozen=True, slots=True)
class SignatureBad(_Fault):
    """A checkpoint bears the name of a known key, but that key did not sign this."""

    SENTENCE = "The {source} bears a signature of {key_name} that is bad: it was changed, or signed by somebody else."
    source: str
    key_name: str


@dataclass(frozen=True, slots=True)
class SizeDiffers(_Fault):
    """A checkpoint is kept under another size than it was signed for."""

    SENTENCE = "The {source} is kept under size {stored}, but says {signed}."
    source: str
    stored: int
    signed: int


@dataclass(frozen=True, slots=True)
class RootDiffers(_Fault):
    """The tree of the first ``size`` events has another root than a checkpoint says."""

    SENTENCE = (
        "Events 1 to {size} are not those that the {source} was made of: their root is {computed}, it says {signed}."
    )
    source: str
    size: int
    computed: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class GoesBack(_Fault):
    """A checkpoint is smaller than what came before it."""

    SENTENCE = "The {source} of size {size} comes after size {previous_size}: the log went back."
    source: str
    size: int
    previous_size: int


@dataclass(frozen=True, slots=True)
class Forks(_Fault):
    """A later checkpoint does not continue an earlier one: there are two logs."""

    SENTENCE = (
        "The {source} of size {size} does not continue the one of size {previous_size}: "
        "the log was rewritten, or there are two."
    )
    source: str
    size: int
    previous_size: int


@dataclass(frozen=True, slots=True)
class AheadOfLog(_Fault):
    """A checkpoint or anchor covers more events than the log has: its end was cut off, or an old backup restored."""

    SENTENCE = (
        "The {source} covers {size} events, but the log ends at {log_size}: "
        "its end was cut off, or an old copy was restored."
    )
    source: str
    size: int
    log_size: int


@dataclass(frozen=True, slots=True)
class TileDiffers(_Fault):
    """A stored tile is not that of the events; ``position`` is the first event below the first wrong hash."""

    SENTENCE = "The stored {path} is not that of the events, from event {position} on."
    path: str
    position: int


@dataclass(frozen=True, slots=True)
class ProofFails(_Fault):
    """An inclusion proof does not lead from the event to the root of its checkpoint."""

    SENTENCE = "Event {position} is not proven to stand in the log of {size} events as it is shown."
    position: int
    size: int


Fault = (
    LeafDiffers
    | NotCanonical
    | ColumnDiffers
    | PositionBreaks
    | VersionBreaks
    | StandsBefore
    | LinkBreaks
    | TimeGoesBack
    | NoteMalformed
    | OriginDiffers
    | KeyUnknown
    | SignatureBad
    | SizeDiffers
    | RootDiffers
    | GoesBack
    | Forks
    | AheadOfLog
    | TileDiffers
    | ProofFails
)


def kind_of(fault: Fault) -> str:
    """The kind in words of a machine: ``leaf_differs``."""
    return kind_name(type(fault))


def kind_name(fault_type: type) -> str:
    """The kind of all faults of a type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", fault_type.__name__).lower()


def as_document(fault: Fault) -> dict[str, Any]:
    """A fault as plain data for JSON: kind, sentence and members, hashes in hex."""
    return {"kind": kind_of(fault), "sentence": fault.sentence, **_members(fault)}


def _members(fault: Any) -> dict[str, Any]:
    values = {member.name: getattr(fault, member.name) for member in fields(fault)}
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}

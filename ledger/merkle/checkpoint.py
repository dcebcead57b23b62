"""Checkpoints (C2SP tlog-checkpoint): the size and root of one site's tree, signed.

    <origin>                        which log: ``<host-or-name>/<site>``, the caller decides
    <size>                          how many leaves, decimal
    <root>                          32 bytes in base64
    <extension line>                none or more; ours have none

This is the text of a signed note (``note``). The log's keys are named for the origin. A key is replaced by signing
with the old one and the new one for a while; witnesses add cosignatures, which are kept and, for known ones, verified.

A log must never sign two checkpoints that are not beginnings of one another; ``verify_proof.check_growth`` tells.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.merkle.keys import Signature, SignatureType, SigningKey, VerifierKey, cosigned_at_s, decode_base64
from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.note import SignedNote, UnknownKey, parse_note, sign_note, verify_note
from ledger.merkle.tree import HASH_BYTES

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class MalformedCheckpoint(ValueError):
    """A text that is no checkpoint, or values that cannot stand in one."""


class OtherOrigin(ValueError):
    """A checkpoint of another log. ``origin`` says of which."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        super().__init__(f"a checkpoint of {origin}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head. ``root`` is 32 bytes.

    Raises:
        MalformedCheckpoint: an empty or broken line, a size out of range, a root of another length.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not all(map(_is_line, (self.origin, *self.extensions))):
            raise MalformedCheckpoint("the lines of a checkpoint are not empty and have no control characters")
        if not 0 <= self.size <= TREE_SIZE_MAX or len(self.root) != HASH_BYTES:
            raise MalformedCheckpoint(f"no size and root of a tree: {self.size}, {self.root.hex()}")

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode_hash(self.root), *self.extensions))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified statement of a witness: at ``time_s`` (seconds since 1970) this was the largest tree it had seen."""

    witness: VerifierKey
    time_s: int


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint that was verified: signed by ``keys`` of the log, one at least, and by known witnesses or none."""

    checkpoint: Checkpoint
    note: SignedNote
    keys: tuple[VerifierKey, ...]
    cosignatures: tuple[Cosignature, ...]


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from the text of a note. Nothing is verified.

    Raises:
        MalformedCheckpoint: fewer than three lines, an empty line, no newline at the end, a size with leading zeros
            or beyond 2^63 - 1, a root that is not 32 bytes in canonical base64.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not _SIZE.fullmatch(lines[1]):
        raise MalformedCheckpoint("a checkpoint is an origin, a size and a root, each on a line")
    try:
        root = decode_hash(lines[2])
    except ValueError as error:
        raise MalformedCheckpoint(f"not a root: {lines[2][:100]!r}") from error
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, *keys: SigningKey) -> SignedNote:
    """A checkpoint signed by the log: by the old and the new key while keys change.

    Raises:
        ValueError: no key, or one that is not named for the origin, which verifiers go by.
    """
    if not keys or any(key.name != checkpoint.origin for key in keys):
        raise ValueError(f"keys of {checkpoint.origin} sign its checkpoints, and one at least")
    return sign_note(checkpoint.text, keys)


def open_checkpoint(
    data: bytes, *, origin: str, keys: Iterable[VerifierKey], witnesses: Iterable[VerifierKey] = ()
) -> OpenedCheckpoint:
    """A checkpoint from the bytes of its note, verified.

    Args:
        origin: of the log that is looked for.
        keys: those that may sign for it; Ed25519. Others among them are ignored.
        witnesses: keys whose cosignatures are looked for.

    Raises:
        MalformedNote, MalformedCheckpoint: not a checkpoint.
        OtherOrigin: the checkpoint of another log.
        UnknownKey: none of the keys has signed it.
        BadSignature: one of the keys or witnesses has, but not this text.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise OtherOrigin(checkpoint.origin)
    log_keys = [key for key in keys if key.type is SignatureType.ED25519]
    signed = verify_note(note, log_keys)
    return OpenedCheckpoint(
        checkpoint=checkpoint,
        note=note,
        keys=tuple(key for key, _ in signed),
        cosignatures=tuple(_cosignatures(note, witnesses)),
    )


def encode_hash(value: bytes) -> str:
    """A hash in base64, as checkpoints and proofs write it."""
    return base64.b64encode(value).decode()


def decode_hash(text: str) -> bytes:
    """A hash from base64.

    Raises:
        ValueError: not canonical base64 of 32 bytes.
    """
    value = decode_base64(text)
    if len(value) != HASH_BYTES:
        raise ValueError(f"{len(value)} bytes are no hash")
    return value


def _cosignatures(note: SignedNote, witnesses: Iterable[VerifierKey]) -> list[Cosignature]:
    known = [key for key in witnesses if key.type is SignatureType.COSIGNATURE]
    try:
        signed: list[tuple[VerifierKey, Signature]] = verify_note(note, known)
    except UnknownKey:
        return []
    return [Cosignature(key, cosigned_at_s(signature)) for key, signature in signed]


def _is_line(text: str) -> bool:
    return bool(text) and not any(each < " " or "\ud800" <= each <= "\udfff" for each in text)

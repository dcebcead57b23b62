"""Signed notes (C2SP signed-note): a text, and signatures of it by named keys.

    text, one or more lines
                                                    an empty line
    — <key name> base64(key id || signature)        one line for each signature

Signatures by keys that are not known are kept and ignored, as the specification demands; that is what lets a log
change its key and lets witnesses sign. A text must not be believed before ``verify_note`` has passed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ledger.merkle.keys import (
    KEY_ID_BYTES,
    SIGNATURE_MARK,
    MalformedKey,
    Signature,
    SigningKey,
    VerifierKey,
    decode_base64,
    is_key_name,
)
from ledger.merkle.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX


class MalformedNote(ValueError):
    """Bytes that are no signed note, or a text or name that cannot stand in one."""


class UnknownKey(ValueError):
    """No known key has signed the note."""


class BadSignature(ValueError):
    """A signature by a known key is not its signature of this text. ``key_name`` says whose."""

    def __init__(self, key_name: str) -> None:
        self.key_name = key_name
        super().__init__(f"the signature of {key_name} is not right")


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text that ends with a newline, and its signatures in the order of their lines."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note as it is stored and sent."""
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}".encode()

    def signed_by(self, *more: Signature) -> "SignedNote":
        """The note with more signatures, say by witnesses; one by the same key is replaced."""
        keys = {(signature.key_name, signature.key_id) for signature in more}
        kept = (signature for signature in self.signatures if (signature.key_name, signature.key_id) not in keys)
        return replace(self, signatures=(*kept, *more))


def sign_note(text: str, keys: Sequence[SigningKey]) -> SignedNote:
    """A text signed with each of the keys.

    Raises:
        MalformedNote: the text does not end with a newline or has control characters, or there is no key.
    """
    note = SignedNote(text, tuple(key.sign(text) for key in keys))
    if parse_note(note.encode()) != note:
        raise MalformedNote("this text cannot stand in a note")
    return note


def parse_note(data: bytes) -> SignedNote:
    """A note from its bytes, at most ``NOTE_BYTES_MAX``. Nothing is verified.

    Raises:
        MalformedNote: too long, not UTF-8, control characters other than newline, no text, no signature or too many,
            a signature line of another form.
    """
    text, lines = _split(_characters(data))
    if not 1 <= len(lines) <= NOTE_SIGNATURES_MAX:
        raise MalformedNote(f"a note has 1 to {NOTE_SIGNATURES_MAX} signatures, not {len(lines)}")
    return SignedNote(text, tuple(map(_parse_signature, lines)))


def verify_note(note: SignedNote, keys: Iterable[VerifierKey]) -> list[tuple[VerifierKey, Signature]]:
    """The signatures by known keys, all of them verified, in their order; others are ignored.

    Raises:
        UnknownKey: there is none.
        BadSignature: one of them is wrong, which makes the whole note suspect.
        MalformedKey: two different keys have the same name and id.
    """
    known = _by_name_and_id(keys)
    found = []
    for signature in note.signatures:
        key = known.get((signature.key_name, signature.key_id))
        if key is not None:
            if not key.verifies(note.text, signature):
                raise BadSignature(key.name)
            found.append((key, signature))
    if not found:
        raise UnknownKey("no known key has signed this note")
    return found


def _characters(data: bytes) -> str:
    if len(data) > NOTE_BYTES_MAX:
        raise MalformedNote(f"a note has at most {NOTE_BYTES_MAX} bytes, not {len(data)}")
    try:
        characters = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedNote("a note is UTF-8") from error
    if any(each < " " and each != "\n" for each in characters):
        raise MalformedNote("a note has no control characters but newline")
    return characters


def _split(characters: str) -> tuple[str, list[str]]:
    """The text with its newline, and the signature lines without; the last empty line stands between them."""
    text, empty_line, signatures = characters.rpartition("\n\n")
    if not empty_line or not signatures.endswith("\n"):
        raise MalformedNote("a note is a text, an empty line and signature lines that end with a newline")
    return text + "\n", signatures[:-1].split("\n")


def _parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(SIGNATURE_MARK).partition(" ")
    try:
        value = decode_base64(encoded)
    except ValueError as error:
        raise MalformedNote(f"not a signature line: {line[:100]!r}") from error
    if not line.startswith(SIGNATURE_MARK) or not is_key_name(name) or len(value) <= KEY_ID_BYTES:
        raise MalformedNote(f"not a signature line: {line[:100]!r}")
    return Signature(name, value[:KEY_ID_BYTES], value[KEY_ID_BYTES:])


def _by_name_and_id(keys: Iterable[VerifierKey]) -> dict[tuple[str, bytes], VerifierKey]:
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise MalformedKey(f"two keys have the name and id of {key}")
    return known

"""Keys that sign notes (C2SP signed-note): Ed25519, each with the name of its owner.

Signatures of type 0x01 are of the text itself. Those of witnesses (0x04, C2SP tlog-cosignature) are of the text and
the time at which they saw it; they are verified here and made elsewhere. A key is told apart by its name *and* its
id, 4 bytes of a hash that says nothing about trust: which keys to believe is for the caller to know.
"""

import base64
import re
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.merkle.limits import VERIFIER_KEY_LENGTH_MAX

KEY_ID_BYTES = 4
SIGNATURE_MARK = "— "
_KEY_BYTES = 32
_TIMESTAMP_BYTES = 8
_TIMESTAMP_MAX = 2**63 - 1
# The points of small order, by their y: anybody can make signatures that such a key verifies, so they prove nothing.
_PRIME = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
_VERIFIER_KEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class MalformedKey(ValueError):
    """A text or bytes that are no key."""


class SignatureType(IntEnum):
    """The kinds of signature that are understood, by their identifier byte (signed-note, Signature types)."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature line: the key's name, its id of 4 bytes, and the signature as bytes of the key's own form."""

    key_name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line in a note, with its newline."""
        return f"{SIGNATURE_MARK}{self.key_name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name.

    Raises:
        MalformedKey: the name is empty or has spaces or a plus, the key is not 32 bytes long, or it is one of those
            that anybody can sign for.
    """

    name: str
    public_key: bytes
    type: SignatureType = SignatureType.ED25519

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.public_key) != _KEY_BYTES:
            raise MalformedKey(f"not a key: {self.name!r} with {len(self.public_key)} bytes")
        if int.from_bytes(self.public_key, "little") % 2**255 % _PRIME in _SMALL_ORDER:
            raise MalformedKey(f"a key that anybody can sign for: {self.public_key.hex()}")

    @property
    def id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || newline || type || public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """``name+hex(id)+base64(type || public key)``: the form in which keys are handed out."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public_key).decode()}"

    def verifies(self, text: str, signature: Signature) -> bool:
        """Whether the signature is this key's, of this text."""
        message, value = text.encode(), signature.value
        if self.type is SignatureType.COSIGNATURE:
            time_s = cosigned_at_s(signature)
            message = f"cosignature/v1\ntime {time_s}\n{text}".encode()
            value = value[_TIMESTAMP_BYTES:]
            if time_s > _TIMESTAMP_MAX:
                return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(value, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key (RFC 8032: 32 bytes) with its name. It does not show itself.

    Raises:
        MalformedKey: as for ``VerifierKey``.
    """

    name: str
    private_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name) or len(self.private_key) != _KEY_BYTES:
            raise MalformedKey(f"not a private key: {self.name!r} with {len(self.private_key)} bytes")

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._key().public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """The signature of a note's text, which ends with a newline."""
        return Signature(self.name, self.verifier.id, self._key().sign(text.encode()))

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.private_key)


def parse_verifier_key(text: str) -> VerifierKey:
    """A key from ``name+hex(id)+base64(type || public key)``.

    Raises:
        MalformedKey: another form, a type that is not understood, or an id that is not the key's.
    """
    found = _VERIFIER_KEY.fullmatch(text) if len(text) <= VERIFIER_KEY_LENGTH_MAX else None
    if found is None:
        raise MalformedKey(f"not a verifier key: {text[:100]!r}")
    try:
        material = decode_base64(found[3])
        key = VerifierKey(found[1], material[1:], SignatureType(material[0]))
    except (ValueError, IndexError) as error:
        raise MalformedKey(f"not a verifier key that is understood: {text!r}") from error
    if str(key) != text:
        raise MalformedKey(f"the id is not the key's: {text!r}")
    return key


def cosigned_at_s(signature: Signature) -> int:
    """The time that a witness puts into its signature: seconds since 1970 (tlog-cosignature, Format)."""
    return int.from_bytes(signature.value[:_TIMESTAMP_BYTES], "big")


def is_key_name(name: str) -> bool:
    """Whether a key can have this name: not empty, no spaces of any alphabet, no plus, no control characters."""
    has_forbidden = any(each.isspace() or each < " " or each == "+" or "\ud800" <= each <= "\udfff" for each in name)
    return bool(name) and not has_forbidden


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 (RFC 4648, section 4) in its one canonical form.

    Raises:
        ValueError: another alphabet, white space, missing or superfluous padding, stray bits.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError(f"not base64: {text[:100]!r}") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError(f"not canonical base64: {text[:100]!r}")
    return data

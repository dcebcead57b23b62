"""The keys that sign checkpoints, in a folder outside the database: who has the database alone can sign nothing.

    operator            the name that begins the origin of every log; written once, never changed
    <site>.json         all keys that a site ever had, and since and until which size each is right
    <site>.signed       the last checkpoint that was signed

What was signed last stands beside the keys and is written before the checkpoint is committed: so who can sign also
knows what must not be contradicted, also after the database was restored to an earlier time. The folder (0700, its
files 0600) is to be backed up with care. Services on several machines share it: the same keys, the same memory.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.merkle.checkpoint import Checkpoint, MalformedCheckpoint, sign_checkpoint
from ledger.merkle.keys import SigningKey, VerifierKey, is_key_name, parse_verifier_key
from ledger.merkle.note import MalformedNote
from ledger.transparency.checkpoint_store import unverified
from ledger.transparency.durable_files import locked, make_folder, read_if_there, write_durably
from ledger.transparency.signing_hold import held_because


class SigningKeysUnusable(OperationFailed):
    """The folder with the signing keys cannot be used."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    verifier_key: str
    from_size: int
    until_size: int | None = None
    private_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class LogKey:
    """A verifier key of a log. It is right for checkpoints larger than ``from_size`` and up to ``until_size``.

    ``until_size`` is None for a key that signs still.
    """

    verifier: VerifierKey
    from_size: int
    until_size: int | None

    def is_right_for(self, size: int) -> bool:
        """Whether a checkpoint of this size may rest on the key."""
        return self.from_size < size and (self.until_size is None or size <= self.until_size)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """All keys that a site's log ever had, the first one first. None before anything was signed."""

    origin: str
    keys: tuple[LogKey, ...]

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """For ``ledger.merkle``."""
        return tuple(key.verifier for key in self.keys)


def require_operator_name(name: str) -> None:
    """
    Raises:
        SigningKeysUnusable: this cannot begin the origin of a log.
    """
    if not is_key_name(name) or len(name) > OPERATOR_LENGTH_MAX:
        raise SigningKeysUnusable(f"{name!r} cannot be the origin of a log: no spaces, no plus, not too long.")


class KeyFolder:
    """The folder with the keys of all sites. Its methods touch files, and are quick."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self, operator: str | None, *, new_name: Callable[[], str]) -> str:
        """Make the folder, and give the logs their operator's name once and for all; returns the name.

        Args:
            operator: a host or name, as in ``<operator>/<site>``; None takes what stands there.
            new_name: gives the name where none was chosen and none stands there.

        Raises:
            SigningKeysUnusable: the logs have another name already, or this cannot be one.
        """
        make_folder(self.path)
        with locked(self.path):
            known = self._operator()
            name = operator or known or new_name()
            require_operator_name(name)
            if known not in {None, name}:
                raise SigningKeysUnusable(
                    f"The logs with keys in {self.path} have the origin {known}. A log never changes it; not to {name}."
                )
            if known is None:
                write_durably(self.path / _OPERATOR, name.encode() + b"\n")
        return name

    def keys(self, site: Site) -> LogKeys:
        """The published half of a site's keys.

        Raises:
            SigningKeysUnusable: the folder was not prepared, or a file is damaged.
        """
        origin = self._origin(site)
        kept = self._kept(site)
        return LogKeys(
            origin,
            tuple(LogKey(parse_verifier_key(key.verifier_key), key.from_size, key.until_size) for key in kept),
        )

    def sign(self, site: Site, size: int, root: bytes) -> bytes:
        """Sign a checkpoint with all keys that sign, and remember it before anybody sees it; the note.

        The first call for a site makes its first key. Whether the checkpoint may be signed is for the caller to know.

        Raises:
            SigningKeysUnusable: the keys are held back, or only their published halves are here.
        """
        with locked(self.path):
            if reason := held_because(self.path):
                raise SigningKeysUnusable(f"Nothing is signed with the keys in {self.path}: {reason}")
            checkpoint = Checkpoint(self._origin(site), size, root)
            kept = self._kept(site) or self._written(site, [_new_key(checkpoint.origin, from_size=0)])
            signers = [SigningKey(checkpoint.origin, key.private_key) for key in kept if key.private_key]
            if not signers:
                raise self._no_private_half(site)
            note = sign_checkpoint(checkpoint, *signers).encode()
            write_durably(self._file(site, "signed"), note)
            return note

    def last_signed(self, site: Site) -> bytes | None:
        """The note that was signed last."""
        return read_if_there(self._file(site, "signed"))

    def signed_size(self, site: Site) -> int:
        """The size of what was signed last; 0 for nothing.

        Raises:
            SigningKeysUnusable: the memory is damaged.
        """
        note = self.last_signed(site)
        try:
            return unverified(note).size if note is not None else 0
        except (MalformedNote, MalformedCheckpoint) as error:
            raise SigningKeysUnusable(f"{self._file(site, 'signed')} cannot be read: {error}.") from error

    def rotate(self, site: Site, size: int) -> VerifierKey:
        """Add a key that signs beside those that sign already; the new one.

        Args:
            size: the largest checkpoint that the database has; one that was signed since counts as well.

        Raises:
            SigningKeysUnusable: only the published halves of the site's keys are here.
        """
        with locked(self.path):
            key = _new_key(self._origin(site), from_size=max(size, self.signed_size(site)))
            kept = self._kept(site)
            if kept and not any(each.private_key for each in kept):
                raise self._no_private_half(site)
            self._written(site, [*kept, key])
            return parse_verifier_key(key.verifier_key)

    def retire(self, site: Site, key_id: str, size: int) -> LogKey:
        """Let a key sign no more and forget its private half; it stays published. ``size`` as for ``rotate``.

        Raises:
            SigningKeysUnusable: no key that signs has this id (in hex), or it is the only one.
        """
        with locked(self.path):
            kept = self._kept(site)
            signing = [key for key in kept if key.private_key]
            found = [key for key in signing if parse_verifier_key(key.verifier_key).id.hex() == key_id]
            if not found:
                raise SigningKeysUnusable(f"No key of {site} that signs has the id {key_id}.")
            if len(signing) == 1:
                raise SigningKeysUnusable("This is the only key that signs. Rotate first.")
            until = max(size, self.signed_size(site))
            retired = msgspec.structs.replace(found[0], private_key=None, until_size=until)
            self._written(site, [retired if key is found[0] else key for key in kept])
            return LogKey(parse_verifier_key(retired.verifier_key), retired.from_size, until)

    def _origin(self, site: Site) -> str:
        operator = self._operator()
        if operator is None:
            raise SigningKeysUnusable(f"There are no signing keys in {self.path}: `order-ledger serve` makes them.")
        return f"{operator}/{site}"

    def _no_private_half(self, site: Site) -> SigningKeysUnusable:
        return SigningKeysUnusable(
            f"The keys of {site} in {self.path} can verify and cannot sign: their private halves were not in the "
            "backup that they came from. Copy the folder with the keys there from where the service signed before."
        )

    def _operator(self) -> str | None:
        text = read_if_there(self.path / _OPERATOR)
        return text.decode().strip() if text else None

    def _kept(self, site: Site) -> list[_Kept]:
        data = read_if_there(self._file(site, "json"))
        if data is None:
            return []
        try:
            return _DECODER.decode(data)
        except msgspec.MsgspecError as error:
            raise SigningKeysUnusable(f"{self._file(site, 'json')} cannot be read: {error}.") from error

    def _written(self, site: Site, keys: list[_Kept]) -> list[_Kept]:
        write_durably(self._file(site, "json"), msgspec.json.format(msgspec.json.encode(keys)))
        return keys

    def _file(self, site: Site, ending: str) -> Path:
        return self.path / f"{site}.{ending}"


OPERATOR_LENGTH_MAX = 200
"""Names are URLs without a scheme; with a site's name behind it stays far below what a note's line may hold."""
_OPERATOR = "operator"
NO_KEYS = KeyFolder(Path(os.devnull))
"""Of a service that has none: nothing is proven."""
_DECODER = msgspec.json.Decoder(list[_Kept])


def _new_key(origin: str, *, from_size: int) -> _Kept:
    private_key = Ed25519PrivateKey.generate().private_bytes_raw()
    verifier = SigningKey(origin, private_key).verifier
    return _Kept(verifier_key=str(verifier), from_size=from_size, private_key=private_key)

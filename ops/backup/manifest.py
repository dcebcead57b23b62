"""What a backup says of itself: from which versions it is, how far each log had come, and what every byte of it is.

The manifest is the last file of a backup: a folder without one is not a backup.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.transparency.durable_files import write_durably
from ops.migrations import MIGRATIONS, SchemaMismatch

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
KEYS = "keys"
ANCHORS = "anchors"

_READ_BYTES = 1024 * 1024


class NoBackup(OperationFailed):
    """The folder holds no whole backup."""


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What the backup was made with."""

    order_ledger: str
    postgresql: str
    pg_dump: str


class SiteState(msgspec.Struct, frozen=True, kw_only=True):
    """A site's log: its last position, the root of its tree there (hex), and the size of its last checkpoint."""

    site: Site
    head: int
    root: str
    checkpointed: int


class TableDigest(msgspec.Struct, frozen=True, kw_only=True):
    """A table: its rows, and SHA-256 (hex) of them in PostgreSQL's binary form in the order of the primary key."""

    rows: int
    sha256: str


class FileDigest(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the backup: its size and SHA-256 (hex)."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A backup. ``made_at`` in milliseconds since 1970: the moment that the database is from.

    ``migrations`` are the digests of the schema's files by name, ``signing_keys`` whether private halves are in it.
    """

    format: int
    made_at: int
    versions: Versions
    migrations: dict[str, str]
    signing_keys: bool
    sites: list[SiteState]
    tables: dict[str, TableDigest]
    files: dict[str, FileDigest]

    @property
    def moment(self) -> str:
        """When it was made, for people."""
        return datetime.fromtimestamp(self.made_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    @property
    def schema(self) -> str:
        """The last file of the schema, which numbers it."""
        return max((name.partition("/")[2] for name in self.migrations), default="")


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest durably; its SHA-256, in hex."""
    data = msgspec.json.format(msgspec.json.encode(manifest))
    write_durably(folder / MANIFEST, data)
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        NoBackup: there is none, or it cannot be read.
        SchemaMismatch: this version does not know the schema of the backup.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise NoBackup(
            f"{folder} holds no whole backup: {MANIFEST} cannot be read ({error.strerror}). "
            "It is the last file that a backup writes."
        ) from error
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise NoBackup(f"{folder / MANIFEST} cannot be read: {error}.") from error
    if manifest.format != FORMAT:
        raise NoBackup(f"{folder} has the format {manifest.format}, and this version reads {FORMAT}.")
    _refuse_unknown_schema(manifest)
    return manifest


def digest_of(path: Path) -> FileDigest:
    """Size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_READ_BYTES):
            digest.update(data)
            size += len(data)
    return FileDigest(bytes=size, sha256=digest.hexdigest())


def require_intact(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Compare each file of a backup with the manifest; gives the name of each that is as it was written.

    Raises:
        NoBackup: a file is missing, or not what was written.
    """
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise NoBackup(f"{folder / MANIFEST} names a file that is not in the backup: {name!r}.")
        if not path.is_file():
            raise NoBackup(f"{path} is missing.")
        if digest_of(path) != expected:
            raise NoBackup(f"{path} is not what was written: its size or its SHA-256 differs from {MANIFEST}.")
        yield name


def _refuse_unknown_schema(manifest: Manifest) -> None:
    known = {migration.name: migration.digest for migration in MIGRATIONS}
    for name, digest in manifest.migrations.items():
        if known.get(name) != digest:
            raise SchemaMismatch(
                f"The backup has migration {name} in a form that this version does not know: restore it with version "
                f"{manifest.versions.order_ledger} or a later one."
            )

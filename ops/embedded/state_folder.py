"""The layout of a state folder, and the checks that it is ours to use. Never changes a folder above it.

owner.lock  who may start and stop the server      run/  the server's socket
users.lock  commands that use somebody's server    log/  the server's log, bounded
pg18/       the cluster, the major in its name
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.embedded.errors import (
    ForeignOwner,
    OtherMajorVersion,
    StateFolderNotPrivate,
    StateFolderUnusable,
)
from ops.embedded.privileges import name_of

PRIVATE = 0o700
WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True)
class StateFolder:
    path: Path
    major: int

    @property
    def data(self) -> Path:
        return self.path / f"pg{self.major}"

    @property
    def unfinished_data(self) -> Path:
        """Where initdb works; renamed to `data` when it is done."""
        return self.path / f"pg{self.major}.tmp"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def owner_lock(self) -> Path:
        return self.path / "owner.lock"

    @property
    def users_lock(self) -> Path:
        return self.path / "users.lock"


def open_state_folder(path: Path, major: int) -> StateFolder:
    """Create the folder if there is none; refuse one that is not private to us or holds another version."""
    folder = StateFolder(path.resolve(), major)
    folder.path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    _refuse_foreign(folder.path)
    _make_private(folder.path)
    _refuse_other_version(folder)
    return folder


@contextmanager
def told_as_unusable(path: Path) -> Iterator[None]:
    """What the system refuses (no space, no right, a file in the way) becomes an error of our tree."""
    try:
        yield
    except OSError as error:
        raise StateFolderUnusable(path, error) from error


def create_subfolder(folder: StateFolder, path: Path) -> None:
    """A private folder that belongs to whom the state folder belongs to, also when root creates it."""
    path.mkdir(mode=PRIVATE, exist_ok=True)
    if os.geteuid() == 0:
        owner = folder.path.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _refuse_foreign(path: Path) -> None:
    us = os.geteuid()
    if us != 0 and path.stat().st_uid != us:
        raise ForeignOwner(path, name_of(path.stat().st_uid))


def _make_private(path: Path) -> None:
    # Only a folder without content is closed to others: closing one that has some could lock out its other
    # users (imagine /srv given by mistake), and what we put into it is private by itself.
    if not any(path.iterdir()):
        path.chmod(PRIVATE)
    if path.stat().st_mode & WRITABLE_BY_OTHERS:
        raise StateFolderNotPrivate(path)


def _refuse_other_version(folder: StateFolder) -> None:
    if folder.data.exists():
        _refuse_foreign(folder.data)
        found = _version_in(folder.data)
        if found != str(folder.major):
            raise OtherMajorVersion(folder.path, found, folder.major)
        return
    for marker in sorted(folder.path.glob("pg*/PG_VERSION")):
        if marker.parent.suffix != ".tmp":
            raise OtherMajorVersion(folder.path, _version_in(marker.parent), folder.major)


def _version_in(data: Path) -> str:
    return (data / "PG_VERSION").read_text(encoding="ascii").strip()

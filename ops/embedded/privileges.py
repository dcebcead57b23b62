"""Root's other user: PostgreSQL refuses to run as root, so root runs it (and initdb) as somebody else.

Only those two programs change the user, and they get no capability and no right on any folder above the state
folder: they enter their folders through what root hands them open. docs/decisions/0002 tells why.
"""

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ops.embedded.errors import NoUnprivilegedUser

SERVICE_USERS = ("postgres", "nobody")
"""Tried in this order when the folders do not say whose server it is."""


@dataclass(frozen=True)
class Identity:
    """The user and group that the server runs as."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        return name_of(self.uid)


def server_identity(state_folder: Path, data: Path) -> Identity | None:
    """None for an ordinary user: the server then runs as its owner does."""
    if os.geteuid() != 0:
        return None
    for candidate in _candidates(state_folder, data):
        return candidate
    raise NoUnprivilegedUser(f"neither {' nor '.join(SERVICE_USERS)} is a user of this system")


def hand_over(folder: Path, identity: Identity | None) -> None:
    """Make `identity` the owner of a folder and all that is in it (after a copy made by root, for example)."""
    if identity is None or folder.stat().st_uid == identity.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), identity.uid, identity.gid, follow_symlinks=False)
    # Last: a hand-over that was interrupted is then done again.
    os.chown(folder, identity.uid, identity.gid)


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _candidates(state_folder: Path, data: Path) -> Iterator[Identity]:
    if data.exists() and data.stat().st_uid != 0:
        yield Identity(data.stat().st_uid, data.stat().st_gid)
    # initdb refuses a uid without a name, so an unknown owner (of a mounted folder, say) is passed over.
    if (owner := state_folder.stat().st_uid) != 0:
        yield from _known(lambda: pwd.getpwuid(owner))
    for name in SERVICE_USERS:
        yield from _known(partial(pwd.getpwnam, name))


def _known(look_up: Callable[[], pwd.struct_passwd]) -> Iterator[Identity]:
    with suppress(KeyError):
        entry = look_up()
        yield Identity(entry.pw_uid, entry.pw_gid)

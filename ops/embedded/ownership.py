"""Who may start and stop the server: file locks that end with their holder, whatever ended it.

`owner.lock` is held exclusively for the owner's life. `users.lock` is shared by the commands that use somebody
else's server; an owning command takes it exclusively before it stops the server. The locks are never inherited:
a program started by the owner does not get them, and a forked copy of the owner lets go of them at once, so a
killed owner always frees the folder.
"""

import enum
import fcntl
import os
import weakref
from dataclasses import dataclass
from pathlib import Path


class Role(enum.Enum):
    SERVICE = "service"
    """Lives long; stops its server when it ends."""
    COMMAND = "command"
    """Ends soon; keeps its server up for other commands that use it."""


@dataclass(frozen=True)
class Holder:
    """What the lock file says about its holder, for humans and for who is refused."""

    pid: int
    role: Role


class FileLock:
    """One lock file, opened once; taken and released without ever deleting the file."""

    def __init__(self, path: Path, *, owner: os.stat_result) -> None:
        """`owner` is the state folder: a lock file made by root must stay usable for the folder's user."""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.geteuid() == 0:
            os.fchown(self._descriptor, owner.st_uid, owner.st_gid)
        self._held = False
        _open_locks.add(self)

    @property
    def held(self) -> bool:
        return self._held

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        return self._held or self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        if self._held:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._held = False

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._held = False

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._held = True
        return True


class OwnerLock(FileLock):
    """The right to start and stop the server, with its holder's name on it."""

    _LINE_BYTES = 32  # one write of a fixed length: a reader sees the old line or the new one, never half

    def try_own(self, role: Role) -> bool:
        if not self.try_exclusive():
            return False
        self._write(f"{os.getpid()} {role.value}")
        return True

    def release(self) -> None:
        if self.held:
            self._write("")
        super().release()

    def holder(self) -> Holder | None:
        """None while nobody holds it, or the holder has not written its line yet."""
        line = os.pread(self._descriptor, self._LINE_BYTES, 0).decode("ascii", errors="replace").split()
        try:
            pid, role = line
            return Holder(int(pid), Role(role))
        except ValueError:
            return None

    def _write(self, line: str) -> None:
        os.pwrite(self._descriptor, line.ljust(self._LINE_BYTES - 1).encode("ascii") + b"\n", 0)


_open_locks: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


def _let_go_in_forked_copy() -> None:
    # Closing, not unlocking: the lock belongs to the open file that the parent still holds.
    for lock in list(_open_locks):
        lock.close()


os.register_at_fork(after_in_child=_let_go_in_forked_copy)

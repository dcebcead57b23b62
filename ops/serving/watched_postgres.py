"""The embedded server of a service: started again when it ends, and waited for while the disk has no room for it.

Whoever looks at it does so often, from one thread, and does other things in between.
"""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ops.database import Address
from ops.embedded import EmbeddedPostgres, EmbeddedPostgresError, Role, ServerDied

# A start on a full disk fails within a second; somebody may be making room.
_FULL_DISK_PAUSE_S = 5.0
# PostgreSQL runs in the C locale, so its log has these words whatever the machine speaks.
_NO_ROOM = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
# Two pieces of PostgreSQL's log: with less, want of room is the reason whatever the end of its messages says.
_ROOM_BYTES = 2 * 16 * 1024 * 1024

Report = Callable[[str], None]


class WatchedPostgres:
    """Starts or joins the server of a state folder.

    Raises:
        EmbeddedPostgresError: the server cannot be had, and why.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._next_try_s = 0.0
        self._postgres: EmbeddedPostgres | None = self._opened()

    @property
    def address(self) -> Address | None:
        """How to reach it; None while it cannot be started."""
        return Address.embedded(self._postgres) if self._postgres else None

    def look(self) -> bool:
        """Start the server again if it has ended, or if its owner is gone; True if it was started.

        Raises:
            EmbeddedPostgresError: it cannot be started, for another reason than a full disk.
        """
        if self._postgres is None:
            return self._try_again()
        try:
            self._postgres.check()
            return not self._postgres.is_owner and self._postgres.try_take_over()
        except ServerDied as died:
            self._report(f"the database server ended and is started again: {died}")
            self.stop()
            return self._try_again()
        except (EmbeddedPostgresError, OSError) as error:
            # It cannot be taken over yet, or its log cannot be moved aside and goes on in the same file.
            if not self._is_for_want_of_room(error):
                raise
            return False

    def stop(self) -> None:
        """Stop the server if it is ours, and let go of the folder."""
        if self._postgres is not None:
            self._postgres.stop()
            self._postgres = None

    def _try_again(self) -> bool:
        if time.monotonic() < self._next_try_s:
            return False
        try:
            self._postgres = self._opened()
        except EmbeddedPostgresError as error:
            if not self._is_for_want_of_room(error):
                raise
            self._report(f"the disk is full: the database is tried again in {_FULL_DISK_PAUSE_S:.0f} s")
            self._next_try_s = time.monotonic() + _FULL_DISK_PAUSE_S
            return False
        return True

    def _opened(self) -> EmbeddedPostgres:
        return EmbeddedPostgres.open(self._folder, role=Role.SERVICE, on_progress=self._report)

    def _is_for_want_of_room(self, error: Exception) -> bool:
        said = str(error)
        return any(words in said for words in _NO_ROOM) or shutil.disk_usage(self._folder).free < _ROOM_BYTES

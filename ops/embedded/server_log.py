"""The server's log, in files of bounded size: log/postgresql.log and the older .1, .2, ...

The server writes to an open file, not through its own logging collector: so all it ever says is in one place,
from a library that cannot be loaded to the last line of a stop; its user needs no right to the folder; and the
collector bounds the size of a file but never their number. The owner rotates by copying and then cutting the
file, which the server, writing in append mode, does not notice. At most the few microseconds between the two are
lost to the copy.
"""

import os
import shutil
from pathlib import Path
from typing import BinaryIO, Literal

from ops.embedded.limits import LOG_FILE_BYTES_MAX, LOG_FILES_MAX, LOG_TAIL_BYTES_MAX


class ServerLog:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "postgresql.log"
        self._start_bytes = 0

    def open_for_start(self) -> BinaryIO:
        """The file for a new server to write to; the caller closes its own handle."""
        self.keep_bounded()
        file = _open_private(self.path, "ab")
        if os.geteuid() == 0:
            folder = self.path.parent.stat()
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        self._start_bytes = self._size_bytes()
        return file

    def tail(self) -> str:
        """The end of what the server has said since this start."""
        with self.path.open("rb") as file:
            file.seek(max(self._start_bytes, self._size_bytes() - LOG_TAIL_BYTES_MAX))
            return file.read(LOG_TAIL_BYTES_MAX).decode("utf-8", errors="replace").strip()

    def last_line(self) -> str:
        return self.tail().rpartition("\n")[2]

    def keep_bounded(self) -> None:
        """Cheap unless the file is full; to be called often."""
        if self._size_bytes() < LOG_FILE_BYTES_MAX:
            return
        for age in range(LOG_FILES_MAX - 1, 1, -1):
            if self._aged(age - 1).exists():
                self._aged(age - 1).replace(self._aged(age))
        self._aged(1).unlink(missing_ok=True)
        self._move_content_to(self._aged(1))
        self._start_bytes = 0

    def _move_content_to(self, target: Path) -> None:
        with self.path.open("r+b") as full, _open_private(target, "xb") as copy:
            shutil.copyfileobj(full, copy)
            full.truncate(0)

    def _aged(self, age: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{age}")

    def _size_bytes(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


def _open_private(path: Path, mode: Literal["ab", "xb"]) -> BinaryIO:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o600)

    return open(path, mode, opener=private)  # Path.open has no opener

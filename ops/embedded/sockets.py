"""The folder of the server's socket, by the names that its server and its clients can use."""

import os
from pathlib import Path

from ops.embedded import linux
from ops.embedded.errors import SocketPathTooLong
from ops.embedded.limits import SOCKET_PATH_BYTES_MAX
from ops.embedded.privileges import Identity
from ops.embedded.settings import PORT


class SocketFolder:
    """Held open, so that it has another name where its path is too long for a Unix socket, or has a comma in it
    (clients read that as a list of hosts).

    That name, /proc/PID/fd/N, ends with this process: no alias is left in a temporary folder after a kill, none
    is cleared away there under a running service, and nobody else can take its place.
    """

    def __init__(self, run: Path) -> None:
        self._path = run
        self._descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if not self._is_usable and not linux.HAS_PROC:
            self.close()
            raise SocketPathTooLong(run.parent)

    @property
    def for_clients(self) -> Path:
        """For this process, and its children as long as it lives."""
        if self._is_usable:
            return self._path
        return Path(linux.path_of_open_folder(self._descriptor, process=str(os.getpid())))

    def for_server(self, identity: Identity | None) -> str:
        """For a server that inherits `descriptor`: it needs no right on the folders above, and no short path."""
        if identity is None and self._is_usable:
            return str(self._path)
        return linux.path_of_open_folder(self._descriptor)

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def clear(self) -> None:
        """Remove what a killed server left. Only under the owner lock, when no server lives."""
        for entry in self._path.iterdir():
            if not entry.is_dir():
                entry.unlink()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def _is_usable(self) -> bool:
        socket = os.fsencode(self._path / f".s.PGSQL.{PORT}")
        return len(socket) <= SOCKET_PATH_BYTES_MAX and b"," not in socket

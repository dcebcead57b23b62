"""One running PostgreSQL server that this process has started: its start, its life, its end."""

import signal
import subprocess
from collections.abc import Mapping

from ops.embedded import process
from ops.embedded.binaries import Binaries
from ops.embedded.cluster import entrance_to
from ops.embedded.errors import ServerDidNotStart, ServerDied
from ops.embedded.limits import FAST_STOP_SECONDS_MAX, IMMEDIATE_STOP_SECONDS_MAX
from ops.embedded.postmaster import read_pid_file
from ops.embedded.privileges import Identity
from ops.embedded.server_log import ServerLog
from ops.embedded.settings import server_settings
from ops.embedded.sockets import SocketFolder
from ops.embedded.state_folder import StateFolder
from ops.embedded.waiting import Report, Waiting

_STOP_STEPS = (
    (signal.SIGINT, FAST_STOP_SECONDS_MAX),  # fast: ends the sessions, writes a checkpoint
    (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS_MAX),  # immediate: no checkpoint, recovery at the next start
    (signal.SIGKILL, IMMEDIATE_STOP_SECONDS_MAX),  # the next start ends what is left of it
)


class Server:
    """Made only under the owner lock, on a whole cluster on which nothing else runs."""

    def __init__(
        self,
        folder: StateFolder,
        binaries: Binaries,
        identity: Identity | None,
        sockets: SocketFolder,
        settings: Mapping[str, str],
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._log = ServerLog(folder.log)
        options = [
            word
            for name, value in server_settings(sockets.for_server(identity), settings).items()
            for word in ("-c", f"{name}={value}")
        ]
        self._child = self._spawn(binaries.program("postgres"), options, sockets)

    @property
    def pid(self) -> int:
        return self._child.pid

    def wait_until_ready(self, report: Report) -> None:
        """Without a time limit while the server lives: crash recovery takes what it takes."""
        waiting = Waiting(report)
        while not self._is_ready():
            if self._child.poll() is not None:
                raise ServerDidNotStart(self._log.path, self._log.tail(), self._child.returncode)
            waiting.beat(lambda: f"PostgreSQL is starting: {self._log.last_line()}")

    def check(self) -> None:
        if self._child.poll() is not None:
            raise ServerDied(self._log.path, self._log.tail(), self._child.returncode)
        self._log.keep_bounded()

    def stop(self) -> None:
        for number, seconds in _STOP_STEPS:
            if self._child.poll() is None:
                process.send(number, self.pid, self._identity)
            if self._ends_within(seconds):
                return

    def _spawn(self, program: str, options: list[str], sockets: SocketFolder) -> "subprocess.Popen[bytes]":
        with entrance_to(self._folder.data, self._identity) as entrance, self._log.open_for_start() as output:
            return process.spawn(
                [program, "-D", entrance.path, *options],
                identity=self._identity,
                cwd=entrance.working_folder,
                output=output.fileno(),
                keep_open=(sockets.descriptor, *entrance.keep_open),
            )

    def _is_ready(self) -> bool:
        found = read_pid_file(self._folder.data)
        return found is not None and found.pid == self.pid and found.is_ready

    def _ends_within(self, seconds: float) -> bool:
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

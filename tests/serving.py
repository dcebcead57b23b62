"""Starts ``order-ledger serve`` as a user would, tells where it answers, and leaves no process behind.

    with running_server(data_dir, "--workers", "2") as server:
        server.url, server.key, server.pid

The service gets a free port, the quick start's site and key, and at most two minutes for each step of its life.
"""

import base64
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

PATIENCE_S = 120.0
PROGRAM = Path(sys.executable).with_name("order-ledger")
SITE = "acme"

_LOOK_S = 0.01
_READY = "Order ledger is ready on "
_KEY = "  key   "


def until(condition: Callable[[], object], *, what: str, seconds: float = PATIENCE_S) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(_LOOK_S)


class Server:
    """A running service. ``key`` is None without the quick start."""

    url: str
    key: str | None = None

    def __init__(self, data_dir: Path, arguments: Sequence[str], output: IO[bytes], errors: IO[bytes]) -> None:
        self.data_dir = data_dir
        self._arguments = arguments
        self._output = output
        self._errors = errors
        self._family: set[int] = set()
        self._process = subprocess.Popen(
            [PROGRAM, "serve", "--data-dir", data_dir, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The parent, which a user stops or kills."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the parent lives."""
        return self._process.poll() is None

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be let in."""
        assert self.key, "only the quick start tells a key"
        return {"Authorization": "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()}

    @property
    def errors(self) -> str:
        """What it has written to standard error."""
        return _text_of(self._errors)

    def workers(self) -> list[int]:
        """Pids of the processes that answer."""
        return [pid for pid in children_of(self.pid) if b"ops.serving.worker" in _command_line(pid)]

    def background(self) -> list[int]:
        """Pids of the process that does what goes on beside requests; two while one replaces the other."""
        return [pid for pid in children_of(self.pid) if b"ops.serving.background" in _command_line(pid)]

    def postmaster(self) -> int | None:
        """Pid of the embedded server, None while there is none."""
        servers = [pid for pid in children_of(self.pid) if _name(pid) == "postgres"]
        return servers[0] if servers else None

    def await_ready(self) -> None:
        """Wait for the line that says where it answers, and with the quick start for the key."""
        until(self._has_ended_or_is_ready, what="the service is ready")
        assert self.is_running, f"the service ended with status {self._process.returncode}: {self.errors}"
        for line in _text_of(self._output).splitlines():
            if line.startswith(_READY):
                self.url = line.removeprefix(_READY)
            if line.startswith(_KEY):
                self.key = line.removeprefix(_KEY).split()[0]

    def terminate(self) -> None:
        """Ask it to stop, as Ctrl-C or a service manager does; returns at once."""
        self._remember_family()
        self._process.terminate()

    def stop(self) -> int:
        """Ask it to stop and wait; returns its exit status."""
        if self.is_running:
            self.terminate()
        status = self._process.wait(PATIENCE_S)
        self.await_end_of_family()
        return status

    def kill(self, *pids: int) -> None:
        """Kill processes of the service, the parent alone by default; returns at once."""
        self._remember_family()
        for pid in pids or (self.pid,):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_everything(self) -> None:
        """Kill parent, workers and database at once, as a power cut would."""
        self.kill(self.pid, *descendants_of(self.pid))
        self._process.wait(PATIENCE_S)
        self.await_end_of_family()

    def await_end_of_family(self) -> None:
        """Wait until nothing that it has started is left."""
        until(lambda: all(is_gone(pid) for pid in self._family), what="the end of all processes of the service")

    def end(self) -> None:
        """Leave nothing behind, whatever state a test has left it in."""
        self._remember_family()
        try:
            if self.is_running:
                self._process.terminate()
                self._process.wait(PATIENCE_S)
            self.await_end_of_family()
        finally:
            left = [pid for pid in self._family if not is_gone(pid)]
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(PATIENCE_S)

    def _has_ended_or_is_ready(self) -> bool:
        last_line = "\n  try " if self._wants_key else "\nMake a key "
        return not self.is_running or last_line in _text_of(self._output)

    @property
    def _wants_key(self) -> bool:
        return "--quickstart" in self._arguments

    def _remember_family(self) -> None:
        if self.is_running:
            self._family |= {self.pid, *descendants_of(self.pid)}


@contextlib.contextmanager
def running_server(data_dir: Path, *arguments: str, port: int = 0, quickstart: bool = True) -> Iterator[Server]:
    """A service on a data folder, ended with the block.

    Args:
        arguments: more options of ``order-ledger serve``.
        port: 0 takes a free one.
    """
    with starting_server(data_dir, *arguments, port=port, quickstart=quickstart) as server:
        server.await_ready()
        yield server


@contextlib.contextmanager
def starting_server(data_dir: Path, *arguments: str, port: int = 0, quickstart: bool = True) -> Iterator[Server]:
    """As ``running_server``, but it may not be ready yet, or never be."""
    options = ["--port", str(port), *(["--quickstart"] if quickstart else []), *arguments]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        server = Server(data_dir, options, output, errors)
        try:
            yield server
        finally:
            server.end()


def children_of(pid: int) -> list[int]:
    """Pids of the living children of a process."""
    return [child for child, parent in _parents().items() if parent == pid]


def descendants_of(pid: int) -> set[int]:
    """Pids of the living children, their children, and so on."""
    parents = _parents()
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def is_gone(pid: int) -> bool:
    """Whether a process has ended, also when nobody has asked yet how (a zombie)."""
    return _status(pid) is None


def _parents() -> dict[int, int]:
    """Parent by child, for every living process; nothing where there is no /proc."""
    if not Path("/proc").exists():
        return {}
    # Names as the kernel gives them, and no more objects than that: whoever waits looks here a hundred times a second.
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    return {pid: int(status[1]) for pid in pids if (status := _status(pid)) is not None}


def _status(pid: int) -> list[bytes] | None:
    """State and parent; None for a process that has ended."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return None
    try:
        text = os.read(descriptor, 4096)
    except ProcessLookupError:
        return None
    finally:
        os.close(descriptor)
    # "12 (name) S 1 ...": the name itself may hold parentheses and spaces.
    status = text.rpartition(b") ")[2].split(None, 2)[:2]
    return None if status[0] in {b"Z", b"X"} else status


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return ""


def _command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _text_of(file: IO[bytes]) -> str:
    # By its descriptor: the file's place belongs to the process that writes.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")

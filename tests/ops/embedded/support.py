"""What the tests of the embedded PostgreSQL share: waiting, members (other processes), leftovers."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from ops.embedded import EmbeddedPostgres, linux

PATIENCE_SECONDS = 60.0
POSTGRES = frozenset({"postgres"})
REPOSITORY = Path(__file__).parents[3]
MEMBER = Path(__file__).with_name("member.py")


def until(condition: Callable[[], object], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.005)


class Member:
    """Another process that joins a state folder; see member.py."""

    def __init__(
        self,
        state_dir: Path,
        *options: str,
        python: str = sys.executable,
        home: Path = REPOSITORY,
        script: Path = MEMBER,
        user: int | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [python, str(script), str(state_dir), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=home,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(home), os.environ.get("PYTHONPATH", "")])},
            user=user,
            group=user,
            extra_groups=None if user is None else [user],
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self.progress: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def opened(self) -> dict[str, Any]:
        return self._next("open")

    def refused(self) -> dict[str, Any]:
        return self._next("error")

    def ask(self, command: str) -> dict[str, Any]:
        self.tell(command)
        return self.reply()

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def reply(self) -> dict[str, Any]:
        return self._next("reply")

    def has_more_to_say(self) -> bool:
        return not self._said.empty()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        self._listener.join(PATIENCE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _next(self, kind: str) -> dict[str, Any]:
        said = self._said.get(timeout=PATIENCE_SECONDS)
        assert said["kind"] == kind, said
        return said

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if said["kind"] == "progress":
                self.progress.append(said["text"])
            else:
                self._said.put(said)
        self._said.put({"kind": "the end"})


def copy_cluster(state_dir: Path, target: Path) -> None:
    """Link what no server ever writes to (template0, 300 files); copy the rest."""
    template0 = state_dir / "pg18" / "base" / "4"

    def copy_or_link(source: str, copy: str) -> None:
        (link if Path(source).parent == template0 else shutil.copy)(source, copy)

    shutil.copytree(state_dir, target, copy_function=copy_or_link)


def link(source: str, target: str) -> None:
    """A copy that costs nothing, of a file that nobody will change."""
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def servers_in(state_dir: Path) -> list[int]:
    """Every living process of a server in this state folder."""
    if not state_dir.exists():
        return []
    folders = [folder for folder in state_dir.glob("pg*") if folder.is_dir()]
    return [pid for folder in folders for pid in linux.processes_working_in(folder, POSTGRES | {"initdb"})]


def end_servers_in(state_dir: Path) -> None:
    """Each by its own pid, whatever a failed test left."""

    def none_is_left() -> bool:
        left = servers_in(state_dir)
        kill(left)
        return not left

    until(none_is_left, what="the end of the servers of a test")


def kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def is_gone(pid: int) -> bool:
    """Also when nobody has asked yet how it ended (a zombie)."""
    return state_of(pid) in {None, "Z", "X"}


def state_of(pid: int) -> str | None:
    """The kernel's letter: R is running; none for a process that does not exist."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except OSError:
        return None


async def connect(socket_dir: Path | str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(
        host=str(socket_dir),
        port=EmbeddedPostgres.port,
        user=EmbeddedPostgres.superuser,
        database="postgres",
        timeout=PATIENCE_SECONDS,
    )


async def ask(postgres: EmbeddedPostgres, query: str) -> Any:
    connection = await connect(postgres.socket_dir)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def log_of(state_dir: Path) -> str:
    return (state_dir / "log" / "postgresql.log").read_text(encoding="utf-8", errors="replace")

"""Starts what is measured, each as a process of its own, and ends it by its own id."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.peers.serving import LISTENS
from ops.embedded import launch

_STOP_S = 60.0
_SHOWN_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A running peer."""

    pid: int
    port: int


@contextlib.contextmanager
def peer(module: str, argument: str) -> Iterator[Peer]:
    """Run a module of ``peers`` for as long as it is needed.

    Raises:
        BenchFailed: it did not come up.
    """
    command = [sys.executable, "-P", "-m", f"ops.bench.throughput.peers.{module}", argument]
    with running(command) as (process, lines):
        for line in lines:
            if line.startswith(LISTENS):
                yield Peer(process.pid, int(line.removeprefix(LISTENS)))
                return
        raise BenchFailed(f"the peer {module} did not come up")


@contextlib.contextmanager
def running(command: Sequence[str]) -> Iterator[tuple["subprocess.Popen[str]", Iterator[str]]]:
    """A process and what it prints, line by line.

    Raises:
        BenchFailed: the block failed, and what the process has written to standard error.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(with_parent(command), stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603
        assert process.stdout is not None
        try:
            yield process, iter(process.stdout)
        except BenchFailed as failed:
            raise BenchFailed(f"{failed}\n{_end_of(errors)}".rstrip()) from failed
        finally:
            _end(process)
            process.stdout.close()


def with_parent(command: Sequence[str]) -> list[str]:
    """The command so that it is asked to end when this process does, however that comes about."""
    return [
        sys.executable,
        "-I",
        "-S",
        launch.__file__,
        str(os.getpid()),
        str(int(signal.SIGTERM)),
        "-1",
        "-1",
        *command,
    ]


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(errors: IO[bytes]) -> str:
    size = errors.seek(0, 2)
    errors.seek(max(0, size - _SHOWN_BYTES))
    return errors.read().decode("utf-8", "replace")

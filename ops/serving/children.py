"""The children of the parent: how each is started, heard of, and ended."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from ops.serving.configuration import CONFIGURATION, LEAVE_S, LEAVE_SIGNAL, STOP_S, Configuration


class Kind(StrEnum):
    """What a child does: the module that it runs."""

    WORKER = "ops.serving.worker"
    BACKGROUND = "ops.serving.background"
    PREPARATION = "ops.serving.preparation"

    @property
    def called(self) -> str:
        """Its name for people."""
        return self.name.lower()


class ChildDidNotStart(OSError):
    """A child ended before it was ready; its messages stand above."""


@dataclass(slots=True)
class Child:
    """A process that the parent has started."""

    kind: Kind
    process: "subprocess.Popen[bytes]"
    _ready: int | None
    started: float = field(default_factory=time.monotonic)
    # When the patience with one that was told to end is over.
    _deadline: float | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.kind.called} {self.process.pid}"

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def is_ready(self, wait_s: float = 0.0) -> bool:
        """Whether it has told that it is at work; waits so long at most.

        Raises:
            ChildDidNotStart: it ended before.
        """
        if self._ready is None:
            return True
        readable, _, _ = select.select([self._ready], [], [], wait_s)
        if not readable:
            return False
        told = os.read(self._ready, 1)
        self.forget()
        if told:
            return True
        status = self.process.wait()
        raise ChildDidNotStart(f"{self.title} ended with status {status} before it was ready.")

    def forget(self) -> None:
        """Listen no more for whether it is ready."""
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None

    def terminate(self) -> None:
        """Tell it to end: it finishes what it does."""
        self._end(signal.SIGTERM, STOP_S)

    def leave(self) -> None:
        """Tell it to end without haste, since another has taken its place."""
        self._end(LEAVE_SIGNAL, LEAVE_S)

    def end_in_time(self, report: Callable[[str], None]) -> bool:
        """Whether one that was told to end is gone; it is killed once it has had its time."""
        if self.has_ended:
            return True
        if self._deadline is not None and time.monotonic() > self._deadline:
            report(f"{self.title} did not stop in time and is killed")
            self.process.kill()
            self.process.wait()
        return self.has_ended

    def wait(self, report: Callable[[str], None]) -> None:
        """Wait until one that was told to end is gone."""
        while not self.end_in_time(report):
            try:
                self.process.wait(max(0.0, (self._deadline or 0.0) - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue

    def _end(self, number: signal.Signals, patience_s: float) -> None:
        self.forget()
        if not self.has_ended:
            self.process.send_signal(number)
            self._deadline = time.monotonic() + patience_s


def start_child(kind: Kind, configuration: Callable[[int], Configuration], listener: socket.socket) -> Child:
    """Start a process of the code that is on disk now.

    Args:
        configuration: what it is told; takes the descriptor that it says on that it is ready.
        listener: the socket that workers accept on.
    """
    ready, ready_writer = os.pipe()
    told = configuration(ready_writer)
    shared = [each for each in (told.watching.metrics_fd, told.connections_fd) if each is not None]
    try:
        process = subprocess.Popen(  # noqa: S603  (our own command, no shell)
            [sys.executable, "-m", kind],
            env=os.environ | {CONFIGURATION: msgspec.json.encode(told).decode()},
            pass_fds=(ready_writer, *shared, *([listener.fileno()] if kind is Kind.WORKER else [])),
            stdin=subprocess.DEVNULL,
        )
    except BaseException:
        os.close(ready)
        raise
    finally:
        os.close(ready_writer)
    return Child(kind, process, ready)

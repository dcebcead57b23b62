"""The parent: owns the database and the listening socket, and keeps the workers running until it is told to stop.

It answers nothing itself, so nothing that a request does can take database or socket away from the others.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import msgspec

from ledger.limits import REQUESTS_KEPT_DAYS
from ops.database import Address
from ops.embedded import EmbeddedPostgres, Role, ServerDied
from ops.serving.configuration import CHARGEBEES_RULES, CONFIGURATION, STOP_S, Configuration, Signing, WebhookRules
from ops.serving.console_files import ConsoleFiles
from ops.target import Target

# How often the parent looks after database and workers.
_LOOK_S = 0.2
# A worker that dies at once is not started again at once.
_RESTART_PAUSE_S = 1.0

Report = Callable[[str], None]


class WorkerDidNotStart(OSError):
    """A worker ended before it could answer; its messages stand above."""


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"
    started: float = field(default_factory=time.monotonic)


class Parent:
    """Runs the service.

    Args:
        listener: the bound socket that all workers accept on.
        report: takes lines about what happens, for people.
        signing: where keys and anchors are.
        requests_per_minute: of each site over all workers; None is without limit.
        requests_kept_days: how long requests are kept for people.
        webhooks: what the operator allows to be called.
    """

    def __init__(
        self,
        target: Target,
        listener: socket.socket,
        workers: int,
        report: Report,
        *,
        signing: Signing,
        requests_per_minute: int | None = None,
        requests_kept_days: int = REQUESTS_KEPT_DAYS,
        webhooks: WebhookRules = CHARGEBEES_RULES,
    ) -> None:
        self._target = target
        self._listener = listener
        self._wanted = workers
        self._signing = signing
        self._requests_per_minute = _share(requests_per_minute, workers)
        self._requests_kept_days = requests_kept_days
        self._webhooks = webhooks
        self._report = report
        self._postgres: EmbeddedPostgres | None = None
        self._address: Address | None = None
        self._workers: list[_Worker] = []
        self._console = ConsoleFiles.prepared(target)
        self._stop = threading.Event()

    def open_database(self) -> Address:
        """Start or join the embedded server, or take the database that was given.

        Raises:
            EmbeddedPostgresError: the server cannot be had, and why.
        """
        if self._target.database_url:
            self._address = Address.external(self._target.database_url)
        else:
            self._postgres = EmbeddedPostgres.open(
                self._target.postgres_dir, role=Role.SERVICE, on_progress=self._report
            )
            self._address = Address.embedded(self._postgres)
        return self._address

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; ``on_ready`` is called once, when every worker answers.

        Raises:
            WorkerDidNotStart: a first worker failed.
        """
        self.catch_signals()
        while len(self._workers) < self._wanted and not self._stop.is_set():
            # One by one: should the next one fail, those before it are known and stopped.
            self._workers.append(self._start_worker(len(self._workers)))
        if not self._stop.is_set():
            on_ready()
        while not self._stop.wait(_LOOK_S):
            self._look_after_database()
            self._look_after_workers()

    def catch_signals(self) -> None:
        """From here on SIGINT and SIGTERM stop the service in order."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has come."""
        return self._stop.is_set()

    def close(self) -> None:
        """Stop the workers, each after its last answer, and then the database."""
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.terminate()
        deadline = time.monotonic() + STOP_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._report(f"worker {worker.process.pid} did not stop in {STOP_S} s and is killed")
                worker.process.kill()
                worker.process.wait()
        if self._postgres is not None:
            self._postgres.stop()

    def _on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _start_worker(self, place: int) -> _Worker:
        assert self._address is not None
        ready, ready_writer = os.pipe()
        configuration = Configuration(
            parent_pid=os.getpid(),
            socket_fd=self._listener.fileno(),
            ready_fd=ready_writer,
            owner=self._address.owner,
            service=self._address.service,
            is_embedded=self._address.is_embedded,
            signing=self._signing,
            console=self._console,
            requests_per_minute=self._requests_per_minute,
            requests_kept_days=self._requests_kept_days,
            webhooks=self._webhooks,
            runs_consumers=place == 0,
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.serving.worker"],
            env=os.environ | {CONFIGURATION: msgspec.json.encode(configuration).decode()},
            pass_fds=(self._listener.fileno(), ready_writer),
            stdin=subprocess.DEVNULL,
        )
        os.close(ready_writer)
        try:
            self._await_ready(process, ready)
        finally:
            os.close(ready)
        return _Worker(process)

    def _await_ready(self, process: "subprocess.Popen[bytes]", ready: int) -> None:
        """Wait until the worker answers, it ends, or we are to stop ourselves."""
        while not self._stop.is_set():
            readable, _, _ = select.select([ready], [], [], _LOOK_S)
            if readable:
                if os.read(ready, 1):
                    return
                process.wait()
                raise WorkerDidNotStart(f"A worker ended with status {process.returncode} before it could answer.")

    def _look_after_workers(self) -> None:
        for place, worker in enumerate(self._workers):
            if worker.process.poll() is None:
                continue
            if time.monotonic() - worker.started < _RESTART_PAUSE_S:
                continue
            self._report(f"worker {worker.process.pid} ended with status {worker.process.returncode}; another starts")
            try:
                self._workers[place] = self._start_worker(place)
            except WorkerDidNotStart as failed:
                self._report(str(failed))
                worker.started = time.monotonic()

    def _look_after_database(self) -> None:
        if self._postgres is None:
            return
        try:
            self._postgres.check()
            if self._postgres.is_owner or not self._postgres.try_take_over():
                return
        except ServerDied as died:
            self._report(f"the database server ended and is started again: {died}")
            self._postgres.stop()
            self._postgres = EmbeddedPostgres.open(
                self._target.postgres_dir, role=Role.SERVICE, on_progress=self._report
            )
        self._follow_database()

    def _follow_database(self) -> None:
        """Workers that know another way to the server are replaced."""
        assert self._postgres is not None
        address = Address.embedded(self._postgres)
        if address == self._address:
            return
        self._address = address
        for worker in self._workers:
            worker.process.terminate()


def _share(requests_per_minute: int | None, workers: int) -> int | None:
    """What one worker may answer a site: its part of the limit, rounded up."""
    return None if requests_per_minute is None else -(-requests_per_minute // workers)

"""The parent: owns the database and the listening socket, and keeps its children running until it is told to stop.

It answers nothing itself, so nothing that a request does can take database or socket away from the others. SIGHUP makes
it replace its children one after another without a request that fails (``ops.serving.rolling_restart``).
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from api.shared_memory import create_memory
from ledger.limits import REQUESTS_KEPT_DAYS
from ops.database import Address
from ops.serving.children import Child, ChildDidNotStart, Kind, start_child
from ops.serving.configuration import CHARGEBEES_RULES, UNWATCHED, Configuration, Signing, Watching, WebhookRules
from ops.serving.connection_counts import COUNTS
from ops.serving.console_files import ConsoleFiles
from ops.serving.rolling_restart import rolling_restart
from ops.serving.service_manager import tell_manager
from ops.serving.terminal import Terminal
from ops.serving.watched_postgres import WatchedPostgres
from ops.target import Target

# How often the parent looks after database and children.
_LOOK_S = 0.2
# A child that dies at once is not started again at once.
_RESTART_PAUSE_S = 1.0

Report = Callable[[str], None]


class Parent:
    """Runs the service.

    Args:
        listener: the bound socket that all workers accept on.
        report: takes lines about what happens, for people.
        signing: where keys and anchors are.
        requests_per_minute: of each site over all workers; None is without limit.
        requests_kept_days: how long requests are kept for people.
        webhooks: what the operator allows to be called.
        watching: how the service is watched.
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
        watching: Watching = UNWATCHED,
    ) -> None:
        self._target = target
        self._listener = listener
        self._connections_fd = create_memory(COUNTS)
        self._wanted = (*[Kind.WORKER] * workers, Kind.BACKGROUND)
        self._signing = signing
        self._requests_per_minute = _share(requests_per_minute, workers)
        self._requests_kept_days = requests_kept_days
        self._webhooks = webhooks
        self._watching = watching
        self._report = report
        self._postgres: WatchedPostgres | None = None
        self._address: Address | None = None
        self._children: list[Child] = []
        # What a rolling restart has started or told to go, beside those in their places.
        self._passing: list[Child] = []
        self._rolling: Iterator[None] | None = None
        self._console = ConsoleFiles.prepared(target)
        self._terminal = Terminal.of_process()
        self._stop = threading.Event()
        self._restart = False

    def open_database(self) -> Address:
        """Start or join the embedded server, or take the database that was given.

        Raises:
            EmbeddedPostgresError: the server cannot be had, and why.
        """
        if self._target.database_url:
            self._address = Address.external(self._target.database_url)
        else:
            self._postgres = WatchedPostgres(self._target.postgres_dir, self._report)
            self._address = self._postgres.address
        assert self._address is not None
        return self._address

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; ``on_ready`` is called once, when every child is at work.

        Raises:
            ChildDidNotStart: a first child failed.
        """
        self.catch_signals()
        for kind in self._wanted:
            if not self._stop.is_set():
                # Should one fail, all that were started are known and stopped.
                self._children.append(self._start(kind))
        for child in self._children:
            while not self._stop.is_set() and not child.is_ready(_LOOK_S):
                pass
        if not self._stop.is_set():
            on_ready()
        while not self._stop.wait(_LOOK_S):
            self._look_after_database()
            self._look_after_children()
            self._go_on_with_restart()

    def catch_signals(self) -> None:
        """From here on SIGINT and SIGTERM stop the service in order, and SIGHUP restarts its children."""
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hangup)

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has come."""
        return self._stop.is_set()

    def close(self) -> None:
        """Stop the children, each after what it does, and then the database."""
        children = [*self._children, *self._passing]
        for child in children:
            child.terminate()
        # Nobody accepts any more: who comes now is to learn it at once.
        self._listener.close()
        for child in children:
            child.wait(self._report)
        if self._postgres is not None:
            self._postgres.stop()

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _on_hangup(self, _signal: int, _frame: FrameType | None) -> None:
        if self._terminal.is_gone:
            self._stop.set()
        else:
            self._restart = True

    def _start(self, kind: Kind) -> Child:
        return start_child(kind, self._configuration, self._listener)

    def _configuration(self, ready_fd: int) -> Configuration:
        assert self._address is not None
        return Configuration(
            parent_pid=os.getpid(),
            socket_fd=self._listener.fileno(),
            ready_fd=ready_fd,
            owner=self._address.owner,
            service=self._address.service,
            is_embedded=self._address.is_embedded,
            signing=self._signing,
            console=self._console,
            requests_per_minute=self._requests_per_minute,
            requests_kept_days=self._requests_kept_days,
            webhooks=self._webhooks,
            watching=self._watching,
            connections_fd=self._connections_fd,
        )

    def _look_after_children(self) -> None:
        for place, child in enumerate(self._children):
            if child.has_ended and child.age_s >= _RESTART_PAUSE_S:
                child.forget()
                self._report(f"{child.title} ended with status {child.process.returncode}; another starts")
                self._children[place] = self._start(child.kind)
        self._passing[:] = [child for child in self._passing if not child.end_in_time(self._report)]

    def _go_on_with_restart(self) -> None:
        """A rolling restart goes on step by step, so that database and children are looked after meanwhile."""
        if self._rolling is None and self._restart:
            self._restart = False
            tell_manager("RELOADING=1")
            self._rolling = rolling_restart(self._children, self._passing, self._start, self._report)
        if self._rolling is None:
            return
        try:
            next(self._rolling)
            return
        except StopIteration:
            pass
        except ChildDidNotStart as failed:
            self._report(f"{failed} The restart is given up; what runs goes on.")
        self._rolling = None
        tell_manager("READY=1")

    def _look_after_database(self) -> None:
        """Children that know another way to the server are replaced."""
        if self._postgres is None or not self._postgres.look() or self._postgres.address == self._address:
            return
        self._address = self._postgres.address
        for child in (*self._children, *self._passing):
            child.terminate()


def _share(requests_per_minute: int | None, workers: int) -> int | None:
    """What one worker may answer a site: its part of the limit, rounded up."""
    return None if requests_per_minute is None else -(-requests_per_minute // workers)

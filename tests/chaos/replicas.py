"""A primary and a streaming standby on sockets of this machine, made with the programs that the embedded server has."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg

from ops.embedded import EmbeddedPostgres, linux
from ops.embedded.binaries import find_binaries
from ops.embedded.privileges import Identity, server_identity
from ops.embedded.shared_binaries import reachable_binaries
from tests.log.waiting import PATIENCE_S
from tests.serving import until

SUPERUSER = EmbeddedPostgres.superuser
DATABASE = "order_ledger"
_STANDBY = "standby"
_LOOK_S = 0.02
_POSTGRES = frozenset({"postgres"})


class Node:
    """One server. ``folder`` holds its data and its socket."""

    def __init__(self, folder: Path, programs: Path, identity: Identity | None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._programs = programs
        self._identity = identity
        self._log = folder / "log"
        self._postmaster: subprocess.Popen[bytes] | None = None

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run a program of PostgreSQL's to its end, as the user that the servers run as."""
        done = subprocess.run(
            [self._programs / program, *arguments], capture_output=True, text=True, check=False, **self._as_user()
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, **settings: str) -> None:
        """Start it; returns at once."""
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._postmaster = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, "-k", self.folder, "-c", "listen_addresses=", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """A connection as the owner of the server, once it takes connections."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(OSError, asyncpg.CannotConnectNowError):
                    return await asyncpg.connect(host=str(self.folder), port=5432, user=SUPERUSER, database=database)
                await asyncio.sleep(_LOOK_S)

    async def execute(self, statement: str) -> Any:
        """Run one statement; its first value."""
        connection = await self.connect()
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def set(self, **settings: str) -> None:
        """Change settings of the whole server while it runs."""
        for name, value in settings.items():
            await self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await self.execute("SELECT pg_reload_conf()")

    def processes(self) -> list[int]:
        """Pids of the server and its children."""
        return linux.processes_working_in(self.data, _POSTGRES)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of them at once."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        until(self._is_dead, what="the end of a server")
        if self._postmaster is not None:
            self._postmaster.wait(PATIENCE_S)

    def _is_dead(self) -> bool:
        self.signal(signal.SIGKILL)
        return not self.processes()

    def _as_user(self) -> dict[str, Any]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        common: dict[str, Any] = {"cwd": self.folder, "env": environment}
        if self._identity is None:
            return common
        return common | {"user": self._identity.uid, "group": self._identity.gid, "extra_groups": []}


class Pair:
    """A primary, and a standby that follows it."""

    def __init__(self, primary: Node, standby: Node) -> None:
        self.primary = primary
        self.standby = standby

    @property
    def url(self) -> str:
        """Names both, and takes the one that can be written to."""
        hosts = f"host={self.primary.folder},{self.standby.folder}&port=5432,5432"
        return f"postgresql://{SUPERUSER}@/{DATABASE}?{hosts}&target_session_attrs=read-write"

    @property
    def url_of_primary(self) -> str:
        """Names the primary alone."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={self.primary.folder}&port=5432"

    async def become_synchronous(self) -> None:
        """Make commits wait for the standby."""
        await self.primary.set(synchronous_standby_names=_STANDBY)
        await self._until_state("sync")

    async def become_asynchronous(self) -> None:
        """Make commits wait for nobody."""
        await self.primary.set(synchronous_standby_names="")
        await self._until_state("async")

    async def lose_primary(self) -> None:
        """Kill the primary; the standby can only be read."""
        await asyncio.to_thread(self.primary.kill)

    async def promote_standby(self) -> None:
        """Let the standby take the place of the primary."""
        assert await self.standby.execute("SELECT pg_promote()")

    async def until_a_commit_waits(self) -> None:
        """Wait until a command is written on the primary and waits for the standby."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '%append%'"
        found = 0
        async with asyncio.timeout(PATIENCE_S):
            while not found:
                await asyncio.sleep(_LOOK_S)
                found = await self.primary.execute(waiting)

    async def _until_state(self, wanted: str) -> None:
        state = ""
        async with asyncio.timeout(PATIENCE_S):
            while state != wanted:
                await asyncio.sleep(_LOOK_S)
                state = await self.primary.execute("SELECT max(sync_state) FROM pg_stat_replication")


@contextlib.asynccontextmanager
async def replica_pair() -> AsyncIterator[Pair]:
    """A pair that replicates asynchronously at first, with an empty database."""
    # Short enough for a socket.
    root = Path(tempfile.mkdtemp(prefix="ol-pair-"))
    pair = Pair(*_nodes(root))
    try:
        await asyncio.to_thread(
            pair.primary.run, "initdb", "-D", pair.primary.data, "-U", SUPERUSER, "-A", "trust", "--no-sync"
        )
        pair.primary.start()
        await pair.primary.execute(f"CREATE DATABASE {DATABASE}")
        follow = f"host={pair.primary.folder} port=5432 user={SUPERUSER} application_name={_STANDBY}"
        await asyncio.to_thread(
            pair.standby.run,
            *("pg_basebackup", "--no-sync", "-c", "fast", "-X", "stream", "-R"),
            *("-d", follow, "-D", pair.standby.data),
        )
        pair.standby.start(wal_retrieve_retry_interval="100ms")
        await pair.become_asynchronous()
        yield pair
    finally:
        for node in (pair.primary, pair.standby):
            await asyncio.to_thread(node.kill)
        shutil.rmtree(root)


def _nodes(root: Path) -> tuple[Node, Node]:
    identity = server_identity(root, root / "data")
    programs = reachable_binaries(find_binaries(), identity).bin_dir
    # Open to the user that runs the servers.
    root.chmod(0o755)
    first, second = (root / name for name in ("a", "b"))
    for folder in (first, second):
        folder.mkdir()
        if identity is not None:
            os.chown(folder, identity.uid, identity.gid)
    return Node(first, programs, identity), Node(second, programs, identity)

"""Creates the database cluster with initdb, so that a kill at any moment leaves either no cluster or a whole one."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.embedded import linux, process
from ops.embedded.binaries import Binaries
from ops.embedded.errors import InitdbFailed
from ops.embedded.limits import ORPHANS_SECONDS_MAX
from ops.embedded.privileges import Identity, hand_over
from ops.embedded.state_folder import PRIVATE, StateFolder
from ops.embedded.waiting import Report, Waiting

SUPERUSER = "order_ledger_owner"

_BUILTIN_LOCALE_SINCE = 17
_CHECKSUMS_BY_DEFAULT_SINCE = 18
_PROGRAMS = frozenset({"initdb", "postgres"})


def ensure_cluster(folder: StateFolder, binaries: Binaries, identity: Identity | None, report: Report) -> None:
    """Only under the owner lock. The cluster gets its name when all of it is on the disk."""
    _remove_unfinished(folder.unfinished_data, identity, report)
    if folder.data.exists():
        hand_over(folder.data, identity)
        return
    report(f"creating the database cluster (PostgreSQL {binaries.version})")
    folder.unfinished_data.mkdir(mode=PRIVATE)
    hand_over(folder.unfinished_data, identity)
    _run_initdb(folder.unfinished_data, binaries, identity)
    folder.unfinished_data.rename(folder.data)
    _write_through(folder.path)


@dataclass(frozen=True)
class Entrance:
    """How a program comes into the folder of the cluster."""

    path: str
    """For its option -D."""
    working_folder: Path
    """Where it starts. PostgreSQL 15 leaves that folder for a moment, and must be able to come back."""
    keep_open: tuple[int, ...]
    """Descriptors that it must inherit."""


@contextmanager
def entrance_to(data: Path, identity: Identity | None) -> Iterator[Entrance]:
    """Root's other user may have no right to come down the path: it gets the folder itself, held open."""
    if identity is None:
        yield Entrance(str(data), data, ())
        return
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Entrance(linux.path_of_open_folder(descriptor), Path("/"), (descriptor,))
    finally:
        os.close(descriptor)


def initdb_options(major: int) -> list[str]:
    # One collation for all systems and versions: sorted by code point, with the case rules of Unicode.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = locale if major >= _BUILTIN_LOCALE_SINCE else ["--locale=C"]
    if major < _CHECKSUMS_BY_DEFAULT_SINCE:
        options.append("--data-checksums")
    return [
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        *options,
        "--auth-local=trust",  # who may enter the socket's folder is the owner already
        "--auth-host=scram-sha-256",  # should a setting ever open a port
    ]


def _run_initdb(data: Path, binaries: Binaries, identity: Identity | None) -> None:
    with entrance_to(data, identity) as entrance:
        command = [binaries.program("initdb"), "-D", entrance.path, *initdb_options(binaries.major)]
        result = process.run(command, identity=identity, cwd=entrance.working_folder, keep_open=entrance.keep_open)
    if result.returncode != 0:
        raise InitdbFailed(result.stdout.strip())


def _remove_unfinished(data: Path, identity: Identity | None, report: Report) -> None:
    """What a killed initdb left: the folder, and perhaps programs that are still about to die with it."""
    if not data.exists():
        return
    report("removing an unfinished database cluster")
    waiting = Waiting(report)
    while data.exists():
        for pid in linux.processes_working_in(data, _PROGRAMS):
            process.send(signal.SIGKILL, pid, identity)
        # Until they are dead they may write once more behind the removal's back.
        shutil.rmtree(data, ignore_errors=waiting.seconds < ORPHANS_SECONDS_MAX)
        waiting.beat(lambda: "removing an unfinished database cluster")


def _write_through(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

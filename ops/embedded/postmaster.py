"""Reads postmaster.pid, and ends a server that was left without an owner.

A pid file proves nothing by itself: the number may belong to another program by now, or to a zombie. It counts
only if that process lives, is `postgres` and works in our data folder.
"""

import signal
from dataclasses import dataclass
from pathlib import Path

from ops.embedded import linux, process
from ops.embedded.limits import ORPHANS_SECONDS_MAX
from ops.embedded.privileges import Identity
from ops.embedded.waiting import Report, Waiting

PID_FILE = "postmaster.pid"

_PROGRAM = frozenset({"postgres"})
_PID_LINE, _STATUS_LINE = 0, 7
_READY = "ready"


@dataclass(frozen=True)
class PidFile:
    pid: int
    is_ready: bool
    """The server has written that it takes connections: line 8."""


def read_pid_file(data: Path) -> PidFile | None:
    """None if there is none, or the server is about to write its first line."""
    try:
        lines = (data / PID_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        pid = int(lines[_PID_LINE])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""
    return PidFile(abs(pid), status == _READY)  # a single-user backend writes its pid negative


def living_postmaster(data: Path) -> PidFile | None:
    found = read_pid_file(data)
    if found is None or not linux.works_in(found.pid, data, _PROGRAM):
        return None
    return found


def end_leftovers(data: Path, identity: Identity | None, report: Report) -> None:
    """Only under the owner lock: whatever still runs here has lost its owner, and must end before a new start."""
    _stop_postmaster(data, identity, report)
    _end_orphans(data, identity, report)
    (data / PID_FILE).unlink(missing_ok=True)


def _stop_postmaster(data: Path, identity: Identity | None, report: Report) -> None:
    found = living_postmaster(data)
    if found is None:
        return
    report(f"a PostgreSQL without an owner still runs (pid {found.pid}): waiting for it to stop")
    # The kernel has sent it already where it can; a second one changes nothing.
    process.send(signal.SIGINT, found.pid, identity)
    waiting = Waiting(report)
    while linux.works_in(found.pid, data, _PROGRAM):
        waiting.beat(lambda: f"waiting for PostgreSQL (pid {found.pid}) to stop")


def _end_orphans(data: Path, identity: Identity | None, report: Report) -> None:
    """Backends of a killed postmaster; a busy one notices late. Nothing that they hold was acknowledged."""
    waiting = Waiting(report)
    while orphans := linux.processes_working_in(data, _PROGRAM):
        quit_or_kill = signal.SIGQUIT if waiting.seconds < ORPHANS_SECONDS_MAX else signal.SIGKILL
        for pid in orphans:
            process.send(quit_or_kill, pid, identity)
        waiting.beat(lambda: "waiting for the processes of a killed PostgreSQL to end")

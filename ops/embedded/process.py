"""Starts the programs that work on the cluster, each through launch.py, and signals them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from ops.embedded.privileges import Identity

_LAUNCH = Path(__file__).with_name("launch.py")


def run(
    command: Sequence[str], *, identity: Identity | None, cwd: Path = Path("/"), keep_open: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run to the end; output and errors together in `stdout`. Killed at once if this process dies."""
    return subprocess.run(  # noqa: S603  (our own command, no shell)
        _launched(command, identity, signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=keep_open,
        cwd=cwd,
        env=_environment(),
        start_new_session=True,
        check=False,
    )


def spawn(
    command: Sequence[str], *, identity: Identity | None, cwd: Path, output: int, keep_open: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Start a child that gets SIGINT when this process dies. Its output goes to the descriptor `output`.

    For the kernel the parent is the *thread* that forked: it sends the signal when that thread ends. So the
    child gets a thread of its own that lives until the child has ended, and the caller may be any thread.
    """
    started: Future[subprocess.Popen[bytes]] = Future()
    options: dict[str, Any] = {
        "args": _launched(command, identity, signal.SIGINT),
        "stdin": subprocess.DEVNULL,
        "stdout": output,
        "stderr": output,
        "pass_fds": keep_open,
        "cwd": cwd,
        "env": _environment(),
        # A session of its own: Ctrl-C in a terminal must reach the owner only, which then stops in order.
        "start_new_session": True,
    }
    threading.Thread(target=_parent_of, args=(started, options), name="parent-of-postgres", daemon=True).start()
    return started.result()


def send(number: signal.Signals, pid: int, identity: Identity | None) -> None:
    """Send a signal; to a process that has gone, nothing."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        # Root without CAP_KILL may not signal another user's process; that user itself may.
        run(["/bin/sh", "-c", f"kill -{int(number)} {pid}"], identity=identity)


def _parent_of(started: "Future[subprocess.Popen[bytes]]", options: dict[str, Any]) -> None:
    try:
        child = subprocess.Popen(**options)
    except BaseException as error:
        started.set_exception(error)
        return
    started.set_result(child)
    if sys.platform == "linux":
        # Wait without taking the exit code away from the caller, who alone polls the child.
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


def _launched(command: Sequence[str], identity: Identity | None, death_signal: signal.Signals) -> list[str]:
    uid, gid = (identity.uid, identity.gid) if identity else (-1, -1)
    options = (os.getpid(), int(death_signal), uid, gid)
    return [sys.executable, "-I", "-S", str(_LAUNCH), *map(str, options), *command]


def _environment() -> dict[str, str]:
    """Nothing of the caller's: no PGOPTIONS, no locale that changes the language of the log."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    if "LD_LIBRARY_PATH" in os.environ:  # some Python builds do not start without it
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return environment

"""Becomes a PostgreSQL program: give up root, ask to be told when the parent dies, exec. Run as a script.

A process of its own, because code between fork and exec is unsafe in a parent with threads, and because the
order matters: the kernel forgets the death signal when the user changes, so it is asked for afterwards. This
file imports nothing of ours and runs in an isolated interpreter.

Usage: launch.py PARENT_PID DEATH_SIGNAL UID GID PROGRAM [ARGUMENT...]; UID -1 keeps the user.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_BECOME_USER = 125
CANNOT_RUN_PROGRAM = 126


def launch(parent_pid: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    if uid >= 0:
        _become(uid, gid)
    _end_with_parent(parent_pid, death_signal)
    # Python ignores these two signals, and an exec would hand that on.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606  (no shell is wanted)


def _become(uid: int, gid: int) -> None:
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except OSError as error:
        sys.stderr.write(f"cannot become the user with uid {uid}: {error.strerror}\n")
        sys.exit(CANNOT_BECOME_USER)


def _end_with_parent(parent_pid: int, death_signal: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
    # The parent may have died before the request was in place; nobody will be told then.
    if os.getppid() != parent_pid:
        sys.exit("the parent process is gone")


def main() -> None:
    parent_pid, death_signal, uid, gid = (int(text) for text in sys.argv[1:5])
    try:
        launch(parent_pid, death_signal, uid, gid, sys.argv[5:])
    except OSError as error:
        sys.stderr.write(f"cannot run {sys.argv[5]}: {error.strerror}\n")
        sys.exit(CANNOT_RUN_PROGRAM)


if __name__ == "__main__":
    main()

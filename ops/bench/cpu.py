"""The processor time of server processes, which other work on the machine does not lengthen."""

import os
from pathlib import Path


def worked_ms(pid: int) -> float:
    """What the scheduler has given to a process so far; 0 where that cannot be had (Linux alone tells it)."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1_000_000
    except OSError:
        return 0.0


def parent_of(pid: int) -> int:
    """Who started a process; 0 where that cannot be had."""
    return int(_stat(pid)[1])


def family_ms(pid: int) -> float:
    """The same for a process and all that it has started, those that have ended as well (in steps of some 10 ms)."""
    user, system = _stat(pid)[13:15]
    ended_ms = (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")
    running = (int(each.name) for each in Path("/proc").glob("[0-9]*") if parent_of(int(each.name)) == pid)
    return worked_ms(pid) + ended_ms + sum(map(worked_ms, running))


def _stat(pid: int) -> list[str]:
    """What the kernel tells of a process behind its name, which may have spaces (proc_pid_stat(5), from field 3)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50

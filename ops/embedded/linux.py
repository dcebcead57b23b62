"""What the supervisor asks of the Linux kernel, and the one place where other systems get less.

Elsewhere: any living process counts as the one that a pid file names; processes are not found by their folder;
there is no short name for an open folder, so everything must be reachable by its plain path; and a killed owner
leaves its server running (launch.py), which the next owner then stops.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HAS_PROC = sys.platform == "linux" and Path("/proc/self/fd").exists()


def path_of_open_folder(descriptor: int, *, process: str = "self") -> str:
    """A short path to a folder that `process` holds open, entered without a right on any folder above it."""
    return f"/proc/{process}/fd/{descriptor}"


def works_in(pid: int, folder: Path, names: frozenset[str]) -> bool:
    """True if `pid` is a living program of one of these names with `folder` as its working folder."""
    if not HAS_PROC:
        return _is_alive(pid)
    return _living_name(pid) in names and _working_folder_is(pid, folder)


def processes_working_in(folder: Path, names: frozenset[str]) -> list[int]:
    if not HAS_PROC:
        return []
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if works_in(pid, folder, names)]


def _living_name(pid: int) -> str | None:
    """The program's name; none for a process that is gone, or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # "12 (name) S ...": the name itself may hold parentheses and spaces.
    name, _, rest = text.partition(" (")[2].rpartition(") ")
    return None if rest[:1] in {"Z", "X"} else name


def _working_folder_is(pid: int, folder: Path) -> bool:
    try:
        wanted = folder.stat()
        with _looking_as(wanted.st_uid, wanted.st_gid):
            found = os.stat(f"/proc/{pid}/cwd")  # noqa: PTH116  (it follows the kernel's link, not a name)
    except OSError:
        return False
    return os.path.samestat(found, wanted)


@contextmanager
def _looking_as(uid: int, gid: int) -> Iterator[None]:
    """Look at /proc with the eyes of the server's own user.

    Root without CAP_SYS_PTRACE (every default container) may not see where another user's process works. The
    file system uid belongs to the calling thread alone, so nothing else in this process notices.
    """
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.setfsgid(gid)
    libc.setfsuid(uid)
    try:
        yield
    finally:
        libc.setfsuid(os.geteuid())
        libc.setfsgid(os.getegid())


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True

"""Where tests write: into memory, where the machine has enough of it.

Half of what a whole run needs of the processor is the file system's, for hundreds of databases that live for seconds. A
kill loses nothing that a file system in memory has, so what is tested is the same. ``TMPDIR`` chooses otherwise.
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
# A run has up to 1 GB there, and databases of their own need memory beside it.
_FREE_BYTES_MIN = 4 * 1024**3
_AVAILABLE_BYTES_MIN = 6 * 1024**3
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
_SERVER = "order-ledger-tests-"


def write_into_memory() -> None:
    """Let this process and all that it starts keep temporary files in memory, unless they are told otherwise."""
    if "TMPDIR" not in os.environ and _is_roomy():
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


def new_server_folder() -> Path:
    """A folder for the server of a run. Those of runs that were killed are removed: they may take up memory."""
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{_SERVER}*-*"):
        pid = left.name.removeprefix(_SERVER).partition("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_SERVER}{os.getpid()}-", dir=parent))


def _is_roomy() -> bool:
    with contextlib.suppress(OSError, ValueError, StopIteration):
        # In containers it is small, and programs in it cannot be run.
        can_run = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC and os.access(_MEMORY, os.W_OK)
        return can_run and shutil.disk_usage(_MEMORY).free >= _FREE_BYTES_MIN and _available() >= _AVAILABLE_BYTES_MIN
    return False


def _available() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    with contextlib.suppress(OSError, ValueError):
        # "max" where the container has no limit.
        return min(available, int(_CONTAINER_LIMIT.read_text(encoding="ascii")))
    return available

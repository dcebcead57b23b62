"""The processor time of a server process, which other work on the machine does not lengthen."""

from pathlib import Path


def worked_ms(pid: int) -> float:
    """What the scheduler has given to a process so far; 0 where that cannot be had (Linux alone tells it)."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1_000_000
    except OSError:
        return 0.0

"""The processor time and the memory of processes with all that they have started. Linux alone tells them."""

import os
from collections.abc import Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_NONE = ["0"] * 50
# Places in proc_pid_stat(5), counted from the state behind the name.
_PARENT, _TIMES = 1, slice(11, 15)


def used_s(families: Mapping[str, int]) -> dict[str, float]:
    """Seconds of processor time until now by name: of a process and its descendants, those that have ended as well."""
    known = {int(each.name): _stat(each) for each in Path("/proc").glob("[0-9]*")}
    return {
        name: sum(sum(map(int, known[pid][_TIMES])) for pid in _family(pid, known)) / _TICKS_PER_S
        for name, pid in families.items()
    }


def resident_bytes(pid: int) -> int:
    """Memory of a process and its descendants that is there; what they share counts for each."""
    known = {int(each.name): _stat(each) for each in Path("/proc").glob("[0-9]*")}
    return sum(_resident_pages(each) for each in _family(pid, known)) * _PAGE_BYTES


def _family(pid: int, known: Mapping[int, list[str]]) -> set[int]:
    found = {pid} & known.keys()
    while more := {child for child, stat in known.items() if int(stat[_PARENT]) in found} - found:
        found |= more
    return found


def _stat(process: Path) -> list[str]:
    try:
        return (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return _NONE


def _resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0

"""The machine: space on the disk of the data folder, and the clock."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg

from ledger.ids import system_clock_ms
from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.limits import CLOCK_OFF_MS, CLOCK_WRONG_MS, FREE_BYTES_FEW, FREE_BYTES_MIN, FREE_SHARE_FEW
from ops.doctor.sql import query


def disk_findings(folder: Path) -> Iterator[Finding]:
    """Space and file names left where a folder is."""
    status = os.statvfs(folder)
    free, share = status.f_bavail * status.f_frsize, status.f_bavail / max(1, status.f_blocks)
    told = f"{free / 1024**3:,.1f} GiB ({share:.0%}) are free where {folder} is"
    if free < FREE_BYTES_MIN:
        yield fault("disk", told, "make room now: PostgreSQL stops when the disk is full, and nothing is recorded")
    elif free < FREE_BYTES_FEW or share < FREE_SHARE_FEW:
        yield warning("disk", told, "make room, or move the data folder")
    else:
        yield ok("disk", told)
    # Some file systems count none.
    if status.f_files and status.f_favail / status.f_files < FREE_SHARE_FEW:
        yield warning(
            "disk", f"{status.f_favail:,} of {status.f_files:,} inodes are free where {folder} is", "remove small files"
        )


async def clock_findings(
    connection: asyncpg.Connection, clock_ms: Callable[[], int] = system_clock_ms
) -> list[Finding]:
    """This clock beside the database's, and beside the last event of each log."""
    before = clock_ms()
    theirs = await connection.fetchval(query("clock"))
    after = clock_ms()
    # Where the answer took its time, no more than that can be said.
    off_ms = 0 if before <= theirs <= after else min(abs(theirs - before), abs(theirs - after))
    return [_beside_database(off_ms), _beside_log(await connection.fetch(query("ahead_of"), after))]


def _beside_database(off_ms: int) -> Finding:
    told = f"this machine's and the database's differ by {off_ms / 1000:g} s"
    advice = "let both machines follow NTP"
    if off_ms > CLOCK_WRONG_MS:
        return fault("clock", told, advice)
    return warning("clock", told, advice) if off_ms > CLOCK_OFF_MS else ok("clock", told)


def _beside_log(ahead: list[asyncpg.Record]) -> Finding:
    if not ahead:
        return ok("clock", "the last event of every log is in the past")
    worst = max(ahead, key=lambda row: row["ahead_ms"])
    return warning(
        "clock",
        f"the last event of {worst['site']} is {worst['ahead_ms'] / 1000:g} s in the future: the clock went back",
        "set the clock right; until it has caught up, an order's events are recorded 1 ms apart",
    )

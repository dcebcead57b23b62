"""Runs ``order-ledger verify --full`` for the console, with low priority, and keeps its last report in a file.

The file lock of a site is held while a verification runs, so that all workers know, and is gone with the process that
held it.
"""

import asyncio
import fcntl
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from api.verification import VerificationReport
from ledger.ids import Site, system_clock_ms
from ledger.transparency.durable_files import make_folder, read_if_there, write_durably

_COMMAND = (sys.executable, "-c", "from ops.cli.main import run; run()", "verify", "--full", "--site")
_TEXT_BYTES_MAX = 200_000
_NICE = 10
_decoder = msgspec.json.Decoder(VerificationReport)


@dataclass(slots=True)
class ConsoleVerifications:
    """Verifications of the sites of one service.

    Args:
        folder: where reports and locks are.
        environment: tells the command where the data are; a URL may hold a password, so it is no argument.
    """

    folder: Path
    environment: dict[str, str]
    clock_ms: Callable[[], int] = system_clock_ms
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    async def start(self, site: Site) -> bool:
        """Begin, unless somebody is at it."""
        make_folder(self.folder)
        descriptor = os.open(self._lock(site), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        task = asyncio.create_task(self._run(site, descriptor))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def is_running(self, site: Site) -> bool:
        """Whether the lock is held."""
        try:
            descriptor = os.open(self._lock(site), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def last(self, site: Site) -> VerificationReport | None:
        """The last report."""
        written = read_if_there(self._report(site))
        try:
            return _decoder.decode(written) if written else None
        except msgspec.MsgspecError:
            return None

    async def _run(self, site: Site, descriptor: int) -> None:
        started_at = self.clock_ms()
        try:
            process = await asyncio.create_subprocess_exec(
                *_COMMAND,
                site,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=os.environ | self.environment | {"NO_COLOR": "1", "TERM": "dumb"},
                preexec_fn=_with_patience,
            )
            try:
                text, _ = await process.communicate()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
            report = VerificationReport(
                started_at=started_at,
                finished_at=self.clock_ms(),
                exit_status=process.returncode or 0,
                text=text[:_TEXT_BYTES_MAX].decode(errors="replace"),
            )
            write_durably(self._report(site), msgspec.json.encode(report))
        finally:
            os.close(descriptor)

    def _lock(self, site: Site) -> Path:
        return self.folder / f"verify-{site}.lock"

    def _report(self, site: Site) -> Path:
        return self.folder / f"verify-{site}.json"


def _with_patience() -> None:
    """Whoever is served comes first."""
    os.nice(_NICE)

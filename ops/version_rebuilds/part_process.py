"""A part of a rebuild in a process of its own: ``python -m ops.version_rebuilds.part_process``.

Its work comes as one line on its standard input, and what it tells goes to its standard output (``messages``). It ends
when its input does: who started it was killed then, or wants no more of it.
"""

import asyncio
import contextlib
import sys

import msgspec

from ops.database import Address, service_pool
from ops.garbage import collected_rarely
from ops.version_rebuilds.messages import Counted, Done, Message, Work
from projections.past.rebuild import VersionsRebuild
from projections.past.versions_report import VersionsReport


async def rebuild(work: Work) -> None:
    """Rebuild, and tell."""
    address = Address(owner=work.service, service=work.service, is_embedded=work.is_embedded)
    async with service_pool(address, size_max=2, read_only=work.check_only) as pool:
        part = VersionsRebuild(pool, work.site, check_only=work.check_only, on_progress=_count)
        with collected_rarely():
            report = await part.run_part(work.orders)
    _tell(Done.of(report))


async def run() -> None:
    """Do the work that comes on standard input, for as long as that is open."""
    line = sys.stdin.buffer.readline()
    if not line:
        return
    rebuilding = asyncio.create_task(rebuild(msgspec.json.decode(line, type=Work)))
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Nothing more comes: what can be read is the end.
        loop.remove_reader(sys.stdin.fileno())
        rebuilding.cancel()

    loop.add_reader(sys.stdin.fileno(), end)
    with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
        await rebuilding


def _count(so_far: VersionsReport) -> None:
    _tell(Counted(so_far.events, len(so_far.differing)))


def _tell(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(run())

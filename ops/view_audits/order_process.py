"""The comparison by order in a process of its own: ``python -m ops.view_audits.order_process``.

Its work comes as one line on its standard input, and what it tells goes to its standard output (``messages``). It ends
when its input does: who started it was killed then, or wants no more of it.
"""

import asyncio
import contextlib
import sys

import asyncpg
import msgspec

from ops.database import Address, service_pool
from ops.garbage import collected_rarely
from ops.view_audits.by_order import check_by_order
from ops.view_audits.messages import Compared, Folded, Message, NoSnapshot, Work


async def compare(work: Work) -> None:
    """Compare, and tell."""
    address = Address(owner=work.service, service=work.service, is_embedded=work.is_embedded)
    async with (
        service_pool(address, size_max=1, read_only=True) as pool,
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        try:
            # The statement takes no parameters; the server made the name.
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{work.snapshot}'")
        except asyncpg.PostgresError as error:
            _tell(NoSnapshot(str(error)))
            return
        with collected_rarely():
            views = await check_by_order(
                connection, work.site, on_folded=lambda events, total: _tell(Folded(events, total))
            )
        _tell(Compared.of(views))


async def run() -> None:
    """Do the work that comes on standard input, for as long as that is open."""
    line = sys.stdin.buffer.readline()
    if not line:
        return
    comparing = asyncio.create_task(compare(msgspec.json.decode(line, type=Work)))
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Nothing more comes: what can be read is the end.
        loop.remove_reader(sys.stdin.fileno())
        comparing.cancel()

    loop.add_reader(sys.stdin.fileno(), end)
    with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
        await comparing


def _tell(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(run())

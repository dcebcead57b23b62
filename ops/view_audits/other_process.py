"""The other side of ``order_process``: starts it, follows what it tells, and ends it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import msgspec

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.transparency.log_audit import ViewChecked
from ops.database import Address
from ops.view_audits.by_order import OnFolded
from ops.view_audits.messages import Folded, Message, NoSnapshot, Work

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
Process = asyncio.subprocess.Process
# A fault quotes members of an order, which may be long.
_LINE_BYTES_MAX = 16 * 1024 * 1024


class ComparisonEnded(OperationFailed):
    """The process that compares views with the events of orders ended without a result."""


class OtherProcess:
    """A comparison by order that runs beside this process."""

    def __init__(self, process: Process, on_folded: OnFolded) -> None:
        self._process = process
        self._on_folded = on_folded
        self._following = asyncio.create_task(self._follow())

    async def result(self) -> tuple[ViewChecked, ...] | None:
        """What it came to; None where it could not see what this process sees.

        Raises:
            ComparisonEnded: it ended without a result.
        """
        return await self._following

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.returncode

    async def end(self) -> None:
        """End it, wherever it is."""
        self._following.cancel()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await asyncio.gather(self._following, return_exceptions=True)

    async def _follow(self) -> tuple[ViewChecked, ...] | None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = _decoder.decode(line)
            match message:
                case Folded(events, total):
                    self._on_folded(events, total)
                case NoSnapshot():
                    return None
                case _:
                    return tuple(view.checked() for view in message.views)
        raise ComparisonEnded


@contextlib.asynccontextmanager
async def other_process(
    address: Address, site: Site, snapshot: str, on_folded: OnFolded
) -> AsyncIterator[OtherProcess]:
    """Compare by order beside this process, for no longer than the block.

    Args:
        snapshot: that a transaction of this process has exported; it must stay open.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "ops.view_audits.order_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C is for us alone, who end it.
        start_new_session=True,
        limit=_LINE_BYTES_MAX,
    )
    other = OtherProcess(process, on_folded)
    try:
        assert process.stdin is not None
        work = Work(site=site, snapshot=snapshot, service=address.service, is_embedded=address.is_embedded)
        with contextlib.suppress(ConnectionError):
            # One that has ended already is told by its result.
            process.stdin.write(msgspec.json.encode(work) + b"\n")
            await process.stdin.drain()
        yield other
    finally:
        await other.end()

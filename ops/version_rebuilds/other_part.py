"""The other side of ``part_process``: starts it, follows what it tells, and ends it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable

import msgspec

from ledger.errors import OperationFailed
from ops.version_rebuilds.messages import Counted, Done, Message, Work

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
# The last line names all orders that differ: a million ids, and more than there are of most sites.
_LINE_BYTES_MAX = 256 * 1024 * 1024

OnCounted = Callable[[Counted], None]


class PartEnded(OperationFailed):
    """The process that rebuilds a part of the index ended without a result."""


class OtherPart:
    """A part of a rebuild that runs beside this process."""

    def __init__(self, process: asyncio.subprocess.Process, on_counted: OnCounted) -> None:
        self._process = process
        self._on_counted = on_counted
        self._following = asyncio.create_task(self._follow())

    async def result(self) -> Done:
        """What it came to.

        Raises:
            PartEnded: it ended without a result.
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

    async def _follow(self) -> Done:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = _decoder.decode(line)
            if isinstance(message, Done):
                return message
            self._on_counted(message)
        raise PartEnded


@contextlib.asynccontextmanager
async def other_part(work: Work, on_counted: OnCounted) -> AsyncIterator[OtherPart]:
    """Rebuild a part beside this process, for no longer than the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "ops.version_rebuilds.part_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C is for us alone, who end it.
        start_new_session=True,
        limit=_LINE_BYTES_MAX,
    )
    other = OtherPart(process, on_counted)
    try:
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            # One that has ended already is told by its result.
            process.stdin.write(msgspec.json.encode(work) + b"\n")
            await process.stdin.drain()
        yield other
    finally:
        await other.end()

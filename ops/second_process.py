"""Work beside this process, on a second core: a process of our own code that is told its work and tells how it goes.

It gets one line of JSON on its input and answers with lines on its output. It lives no longer than the block that
started it.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

Follow = Callable[[asyncio.StreamReader], Awaitable[T]]
"""Reads what the process tells, to its result; raises where it ended without one."""


class SecondProcess(Generic[T]):
    """A process that runs beside this one."""

    def __init__(self, process: asyncio.subprocess.Process, follow: Follow[T]) -> None:
        assert process.stdout is not None
        self._process = process
        self._following = asyncio.ensure_future(follow(process.stdout))

    async def result(self) -> T:
        """What it came to; errors as ``follow`` has them."""
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


@contextlib.asynccontextmanager
async def second_process(
    module: str, work: msgspec.Struct, follow: Follow[T], *, line_bytes_max: int
) -> AsyncIterator[SecondProcess[T]]:
    """Run a module of ours beside this process, for no longer than the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Ctrl-C is for us alone, who end it.
        start_new_session=True,
        limit=line_bytes_max,
    )
    second = SecondProcess(process, follow)
    try:
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):
            # One that has ended already is told by its result.
            process.stdin.write(msgspec.json.encode(work) + b"\n")
            await process.stdin.drain()
        yield second
    finally:
        await second.end()

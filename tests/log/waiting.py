"""Waiting for a condition in the event loop, with a deadline."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 120.0
_LOOK_S = 0.002


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        # Nobody tells when: what is waited for happens in other tasks and processes.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

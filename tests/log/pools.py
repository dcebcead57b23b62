"""Pools that stand in for a bad network, and one that counts. They offer what the appender uses: ``fetch``."""

import asyncio
from typing import Any

import asyncpg


class CountingPool:
    """Passes everything on and counts the round trips."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.round_trips = 0

    async def fetch(self, statement: str, *arguments: Any, timeout: float | None = None) -> list[asyncpg.Record]:
        self.round_trips += 1
        return await self._pool.fetch(statement, *arguments, timeout=timeout)


class ForgetfulPool(CountingPool):
    """Runs every statement; the first answers are lost on their way back."""

    def __init__(self, pool: asyncpg.Pool, *, lost: int, error: Exception | None = None) -> None:
        super().__init__(pool)
        self._lost = lost
        self._error = error or asyncpg.ConnectionDoesNotExistError("connection was closed")

    async def fetch(self, statement: str, *arguments: Any, timeout: float | None = None) -> list[asyncpg.Record]:
        rows = await super().fetch(statement, *arguments, timeout=timeout)
        if self.round_trips <= self._lost:
            raise self._error
        return rows


class DeadPool:
    """Nobody answers, and after a while that is an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.round_trips = 0
        self._error = error or ConnectionRefusedError()
        self.patience_ends = asyncio.Event()

    async def fetch(self, statement: str, *arguments: Any, timeout: float | None = None) -> list[asyncpg.Record]:
        self.round_trips += 1
        await self.patience_ends.wait()
        raise self._error


class FailingPool(DeadPool):
    """Fails in this way once, and then nobody answers."""

    def __init__(self, first: Exception) -> None:
        super().__init__()
        self._first = first

    async def fetch(self, statement: str, *arguments: Any, timeout: float | None = None) -> list[asyncpg.Record]:
        if self.round_trips == 0:
            self.round_trips = 1
            raise self._first
        return await super().fetch(statement, *arguments, timeout=timeout)

"""Rebuilds and checks of views as they run: each says once a second how far it is, for who looks from elsewhere.

Any process may run one, also one on another machine. A run that has neither an end nor said anything for a while was
killed; nobody else writes that down, so whoever looks decides it by the time of its last word.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import asyncpg
import msgspec

from ledger.appender import CONNECTION_ERRORS
from ledger.ids import Site, system_clock_ms
from ledger.limits import REBUILD_BEAT_S, REBUILD_RUNS_KEPT, REBUILD_SILENT_S
from projections.sql import query


class Outcome(StrEnum):
    """How a run ended: with the view as the log says, differing or put right, with orders that cannot be read, or
    without a result because somebody stopped it or something failed."""

    TRUE = "true"
    DIFFERS = "differs"
    PUT_RIGHT = "put_right"
    PARKED = "parked"
    STOPPED = "stopped"
    FAILED = "failed"

    @classmethod
    def of(cls, *, is_true: bool, has_parked: bool, check_only: bool) -> "Outcome":
        """What a report comes to."""
        if has_parked:
            return cls.PARKED
        if is_true:
            return cls.TRUE
        return cls.DIFFERS if check_only else cls.PUT_RIGHT


class Phase(StrEnum):
    """Where a run stands; one that is ``lost`` was killed."""

    RUNNING = "running"
    ENDED = "ended"
    LOST = "lost"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``ledger.rebuild_run``. Times in milliseconds since 1970; ``events_total`` is 0 until it is counted."""

    run: str
    view: str
    check_only: bool
    started_at: int
    seen_at: int
    events_read: int
    events_total: int
    differing: int
    ended_at: int | None = None
    outcome: str | None = None

    def phase(self, now_ms: int) -> Phase:
        """Where it stands."""
        if self.ended_at is not None:
            return Phase.ENDED
        return Phase.LOST if now_ms - self.seen_at > REBUILD_SILENT_S * 1000 else Phase.RUNNING

    @property
    def events_per_s(self) -> int | None:
        """How fast it read until its last word; None where it has said too little."""
        lasted_ms = self.seen_at - self.started_at
        return self.events_read * 1000 // lasted_ms if lasted_ms > 0 and self.events_read else None

    @property
    def left_s(self) -> int | None:
        """Seconds that it needs for the rest at this pace; None where that is not known."""
        pace = self.events_per_s
        return -(-max(0, self.events_total - self.events_read) // pace) if pace and self.events_total else None


async def runs(database: Any, site: Site) -> list[Run]:
    """The runs of a site that are kept, the newest first."""
    return [Run(**row) for row in await database.fetch(query("rebuild_runs"), site)]


class RunRecord:
    """Writes one run down while it runs: ``async with`` around the work, which notes how far it is.

    The database being away for a moment ends no run; what is written then is behind by that moment.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        site: Site,
        view: str,
        *,
        check_only: bool,
        clock_ms: Callable[[], int] = system_clock_ms,
    ) -> None:
        self._pool = pool
        self._site = site
        self._view = view
        self._check_only = check_only
        self._clock_ms = clock_ms
        self._run = ""
        self._so_far = (0, 0, 0)
        self._outcome: Outcome | None = None
        self._beats: asyncio.Task[None] | None = None

    def note(self, *, events: int, total: int, differing: int) -> None:
        """Say how far it is; it is written with the next beat."""
        self._so_far = (events, total, differing)

    def end(self, outcome: Outcome) -> None:
        """Say what came of it."""
        self._outcome = outcome

    async def __aenter__(self) -> "RunRecord":
        now_ms = self._clock_ms()
        self._run = f"{now_ms:016}-{secrets.token_hex(4)}"
        await self._pool.execute(query("forget_rebuild_runs"), self._site, REBUILD_RUNS_KEPT - 1)
        await self._pool.execute(
            query("begin_rebuild_run"), self._site, self._run, self._view, self._check_only, now_ms
        )
        self._beats = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._beats is not None
        self._beats.cancel()
        await asyncio.wait([self._beats])
        if kind is None:
            assert self._outcome is not None, "a run that went well has an outcome"
        outcome = self._outcome if kind is None else _ending(kind)
        with contextlib.suppress(*CONNECTION_ERRORS):
            await self._write(outcome)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(REBUILD_BEAT_S)
            with contextlib.suppress(*CONNECTION_ERRORS):
                await self._write(None)

    async def _write(self, outcome: Outcome | None) -> None:
        now_ms = self._clock_ms()
        await self._pool.execute(query("note_rebuild_run"), self._site, self._run, now_ms, *self._so_far, outcome)


def _ending(kind: type[BaseException]) -> Outcome:
    was_stopped = issubclass(kind, (asyncio.CancelledError, KeyboardInterrupt))
    return Outcome.STOPPED if was_stopped else Outcome.FAILED

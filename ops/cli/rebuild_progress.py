"""How far a rebuild is: a bar for who started it, and a record for who looks at the console or asks the API."""

from types import TracebackType

import asyncpg
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ledger.ids import Site
from ops.cli.progress import progress_bars
from projections.rebuild.runs import Outcome, RunRecord


class RebuildProgress:
    """``async with`` around a rebuild, which tells how far it is and in the end what came of it.

    Args:
        is_recorded: False where it is over at once, as that of a single order.
    """

    def __init__(self, pool: asyncpg.Pool, site: Site, view: str, *, check: bool, is_recorded: bool = True) -> None:
        self._bar = _bar()
        self._task = self._bar.add_task("events", total=None, rate="", differences=0)
        self._record = RunRecord(pool, site, view, check_only=check) if is_recorded else None

    def tell(self, *, events: int, total: int, differing: int) -> None:
        """Say how far it is."""
        seconds = self._bar.tasks[0].elapsed or 0
        rate = f"{events / seconds:,.0f}/s" if seconds else ""
        self._bar.update(self._task, total=total, completed=events, rate=rate, differences=differing)
        if self._record:
            self._record.note(events=events, total=total, differing=differing)

    def end(self, outcome: Outcome) -> None:
        """Say what came of it."""
        if self._record:
            self._record.end(outcome)

    async def __aenter__(self) -> "RebuildProgress":
        if self._record:
            await self._record.__aenter__()
        self._bar.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if self._record:
            await self._record.__aexit__(kind, error, trace)


def _bar() -> Progress:
    return progress_bars(
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[differences]} differ"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )

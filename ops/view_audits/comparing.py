"""Hands pages to some comparisons, until they end or there is a fault, and tells what these came to."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from ledger.ids import Position, Site
from ledger.sql import query as ledger_query
from ledger.transparency.log_audit import ViewChecked
from ops.view_audits.comparison import Comparison
from ops.view_audits.faults import ViewAhead

Part = TypeVar("Part")


class Comparing(Generic[Part]):
    """Some comparisons that take the same pages.

    Args:
        size: of the log.
    """

    def __init__(self, comparisons: Sequence[Comparison[Part]], size: int) -> None:
        self._comparisons = comparisons
        self._size = size

    async def take(self, page: Sequence[Part]) -> None:
        """Hand over a page."""
        await self._take(page, is_last=False)

    async def finish(self) -> tuple[ViewChecked, ...]:
        """What they came to, behind the last page."""
        await self._take((), is_last=True)
        return tuple(map(self._checked, self._comparisons))

    async def _take(self, page: Sequence[Part], *, is_last: bool) -> None:
        for each in self._comparisons:
            if each.fault is None:
                await each.take(page, is_last=is_last)

    def _checked(self, comparison: Comparison[Any]) -> ViewChecked:
        fault = comparison.fault
        if fault is None and comparison.position > self._size:
            fault = ViewAhead(comparison.view, comparison.position, self._size)
        return ViewChecked(comparison.view, comparison.position, comparison.rows, comparison.parked, fault)


async def log_size(connection: Any, site: Site) -> Position:
    """How many events a site has."""
    return Position(await connection.fetchval(ledger_query("head_position"), site) or 0)


async def reached(connection: Any, site: Site, consumer: str) -> Position:
    """How far a consumer has come."""
    return Position(await connection.fetchval(ledger_query("find_consumer"), site, consumer) or 0)

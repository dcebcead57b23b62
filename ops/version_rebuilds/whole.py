"""Rebuilds or checks the whole index of past orders of a site."""

import time
from collections.abc import Callable

import asyncpg

from ledger.ids import Site
from ledger.limits import COMPARED_APART_FROM_EVENTS
from ops.database import Address
from ops.garbage import collected_rarely
from ops.version_rebuilds.messages import Counted, Work
from ops.version_rebuilds.other_part import other_part
from ops.view_audits.audit import processors
from projections.past.order_chunks import OrderRange, halves
from projections.past.rebuild import VersionsRebuild
from projections.past.versions_report import VersionsReport
from projections.sql import query

OnProgress = Callable[[int, int, int], None]
"""Called with how many events were folded, how many there are, and how many orders differ."""

# This process also looks at the times of the log, which takes an eighth as long as the orders.
_OWN_SHARE = 0.45


async def rebuild_all_versions(
    pool: asyncpg.Pool,
    site: Site,
    *,
    check_only: bool = False,
    address: Address | None = None,
    on_progress: OnProgress = lambda *_: None,
) -> VersionsReport:
    """Rebuild or check.

    Args:
        check_only: compare, and change nothing.
        address: of the database of the pool; with it a second process helps where that is worth it.

    Raises:
        PartEnded: the second process ended without a result.
    """
    began = time.monotonic()
    total = await pool.fetchval(query("count_order_events"), site)
    progress = _Progress(total, on_progress)
    rebuild = VersionsRebuild(pool, site, check_only=check_only, on_progress=progress.on_own)
    with collected_rarely():
        parts = await halves(pool, site, _OWN_SHARE) if address and _is_worth_it(total) else None
        if address is None or parts is None:
            report = await rebuild.run()
        else:
            report = await _in_two(rebuild, site, parts, address, progress, check_only=check_only)
    report.events_total = total
    report.seconds = time.monotonic() - began
    return report


async def _in_two(
    rebuild: VersionsRebuild,
    site: Site,
    parts: tuple[OrderRange, OrderRange],
    address: Address,
    progress: "_Progress",
    *,
    check_only: bool,
) -> VersionsReport:
    own, theirs = parts
    work = Work(
        site=site, orders=theirs, check_only=check_only, service=address.service, is_embedded=address.is_embedded
    )
    async with other_part(work, progress.on_other) as other:
        await rebuild.run_part(own)
        report = await rebuild.run_clock()
        report.add((await other.result()).report(site))
    return report


def _is_worth_it(events: int) -> bool:
    return processors() > 1 and events >= COMPARED_APART_FROM_EVENTS


class _Progress:
    """How far both parts are."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._total = total
        self._on_progress = on_progress
        self._own = self._other = Counted(0, 0)

    def on_own(self, so_far: VersionsReport) -> None:
        self._own = Counted(so_far.events, len(so_far.differing))
        self._tell()

    def on_other(self, so_far: Counted) -> None:
        self._other = so_far
        self._tell()

    def _tell(self) -> None:
        own, other = self._own, self._other
        self._on_progress(own.events + other.events, self._total, own.differing + other.differing)

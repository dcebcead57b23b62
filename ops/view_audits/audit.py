"""Compares all views of a site while its log is verified: beside that in another process, or after it in this one."""

import contextlib
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.limits import COMPARED_APART_FROM_EVENTS
from ledger.transparency.log_audit import ViewsChecked
from ops.database import Address
from ops.view_audits.by_order import check_by_order
from ops.view_audits.comparing import Comparing, log_size
from ops.view_audits.in_log_order import comparing_in_log_order
from ops.view_audits.other_process import OtherProcess, other_process
from ops.view_audits.progress import VerificationProgress


class ViewsAudit:
    """Implements ``log_audit.ViewsAudit``; a context manager, which ends what it has started.

    Args:
        connection: in a transaction that sees one moment.
        address: of the database, for another process; None compares in this one.
        progress: told how far the comparison by order has come.
    """

    def __init__(
        self,
        connection: Any,
        site: Site,
        *,
        address: Address | None = None,
        progress: VerificationProgress | None = None,
    ) -> None:
        self._connection = connection
        self._site = site
        self._address = address
        self._progress = progress or VerificationProgress()
        self._started = contextlib.AsyncExitStack()
        self._in_log_order: Comparing[RecordedEvent] | None = None
        self._beside: OtherProcess | None = None

    async def __aenter__(self) -> "ViewsAudit":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._started.aclose()

    async def take(self, page: Sequence[RecordedEvent]) -> None:
        """Compare what is compared in the order of the log."""
        await (await self._begun()).take(page)

    async def finish(self) -> ViewsChecked:
        """Compare, or wait for, all that is left.

        Raises:
            ComparisonEnded: the other process ended without a result.
        """
        in_log_order = await (await self._begun()).finish()
        by_order = await self._beside.result() if self._beside else None
        if by_order is None:
            self._progress.compares_orders(is_beside=False)
            by_order = await check_by_order(self._connection, self._site, on_folded=self._progress.on_folded)
        return ViewsChecked((*by_order, *in_log_order))

    async def _begun(self) -> Comparing[RecordedEvent]:
        if self._in_log_order is None:
            self._in_log_order = await comparing_in_log_order(self._connection, self._site)
            if self._address and await self._is_worth_it():
                snapshot = await self._connection.fetchval("SELECT pg_export_snapshot()")
                beside = other_process(self._address, self._site, snapshot, self._progress.on_folded)
                self._beside = await self._started.enter_async_context(beside)
            self._progress.compares_orders(is_beside=self._beside is not None)
        return self._in_log_order

    async def _is_worth_it(self) -> bool:
        if processors() < 2:
            return False
        return await log_size(self._connection, self._site) >= COMPARED_APART_FROM_EVENTS


def processors() -> int:
    """How many this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

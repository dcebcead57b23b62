"""The views that are compared event by event: what is known of the log's times, and the index of the log."""

from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ops.view_audits.changes import ChangesComparison
from ops.view_audits.comparing import Comparing, log_size, reached
from ops.view_audits.version_times import VersionTimesComparison
from projections.changes import index
from projections.past import consumer as past


async def comparing_in_log_order(connection: Any, site: Site) -> Comparing[RecordedEvent]:
    """The comparisons, ready to be handed the log from its first event on.

    Args:
        connection: in a transaction that sees one moment; used when a page is taken.
    """
    comparisons = (
        VersionTimesComparison(connection, site, await reached(connection, site, past.CONSUMER)),
        ChangesComparison(connection, site, await reached(connection, site, index.CONSUMER)),
    )
    return Comparing(comparisons, await log_size(connection, site))

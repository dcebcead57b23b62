"""What the database says of the whole service at one moment."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from api.metrics.settings import CONSUMERS, MetricsSettings
from ledger.appender import CONNECTION_ERRORS
from ledger.figures import LogFigures, log_figures
from ledger.limits import METRICS_DATABASE_S_MAX, METRICS_DELIVERIES_COUNTED_MAX
from projections.figures import ViewFigures, view_figures

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """What was read at ``now_ms``, milliseconds since 1970."""

    now_ms: int
    log: LogFigures
    views: ViewFigures

    def seconds_since(self, at_ms: int | None) -> float:
        """How long ago that was; 0 for nothing, and for what a clock ahead of ours has written."""
        return 0.0 if at_ms is None else max(0, self.now_ms - at_ms) / 1000


async def database_figures(
    pool: asyncpg.Pool, clock_ms: Callable[[], int], settings: MetricsSettings
) -> DatabaseFigures | None:
    """Read them; None where the database does not answer in time."""
    try:
        async with asyncio.timeout(METRICS_DATABASE_S_MAX), pool.acquire() as connection:
            logs = await log_figures(
                connection, consumers=CONSUMERS, places=settings.places, sites_max=settings.sites_max
            )
            views = await view_figures(connection, deliveries_max=METRICS_DELIVERIES_COUNTED_MAX)
    except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
        log.warning("the database does not tell its metrics: %s", type(error).__name__)
        return None
    return DatabaseFigures(clock_ms(), logs, views)

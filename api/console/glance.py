"""What stands above the orders of the present: how many are in which status, and a chart of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from api.services import Services
from api.typed_moments import day_named
from ledger.ids import Site
from ledger.limits import OVERVIEW_DAYS
from projections.overview import DayCount, StatusCount, changes_by_day, status_counts


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart; ``height`` in per cent of the busiest day."""

    day: DayCount
    height: int


@dataclass(frozen=True, slots=True)
class Glance:
    """A site at a glance."""

    counts: Sequence[StatusCount]
    days: Sequence[Bar]


async def glance(services: Services, site: Site, zone: ZoneInfo) -> Glance:
    """The site as it is now."""
    days = await changes_by_day(services.pool, site, last_days(services.clock_ms() // 1000, zone))
    most = max((day.events for day in days), default=0) or 1
    return Glance(await status_counts(services.pool, site), [Bar(day, -(-100 * day.events // most)) for day in days])


def last_days(now: int, zone: ZoneInfo) -> list[int]:
    """Where the last days begin, in seconds, and where today ends."""
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=number) for number in range(1 - OVERVIEW_DAYS, 2)]
    return [day_named(day.isoformat(), zone)[0] for day in days]

"""What stands above the orders of the present: how many are in which status, and a chart of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.services import Services
from ledger.ids import Site
from projections.overview import DayCountDocument, StatusCountDocument, site_overview


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart; ``height`` in per cent of the busiest day."""

    day: DayCountDocument
    height: int


@dataclass(frozen=True, slots=True)
class Glance:
    """A site at a glance, as ``GET /ledger/overview`` answers it, drawn."""

    counts: Sequence[StatusCountDocument]
    days: Sequence[Bar]


async def glance(services: Services, site: Site, zone: ZoneInfo) -> Glance:
    """The site as it is now."""
    found = await site_overview(services.pool, site, zone, services.clock_ms())
    most = max(day.events for day in found.days) or 1
    return Glance(found.statuses, [Bar(day, -(-100 * day.events // most)) for day in found.days])

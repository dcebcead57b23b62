"""Figures over all sites, for whoever watches the service: how much there is, and how far what follows the logs is.

Times are milliseconds since 1970. Each figure is one statement whose work grows with the number of sites, and not with
what their logs hold.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.sql import query


class ConsumerLag(msgspec.Struct, frozen=True, kw_only=True):
    """How many events a consumer has not handled, in all and on the site where it is most, and since when one waits."""

    name: str
    behind: int
    behind_max: int
    waiting_since: int | None


class SiteLag(msgspec.Struct, frozen=True, kw_only=True):
    """The same on one site, whose log ends at ``position``."""

    site: Site
    position: int
    name: str
    behind: int
    waiting_since: int | None


class AnchorStand(msgspec.Struct, frozen=True, kw_only=True):
    """When a place took a checkpoint last, and since when the oldest event waits for an anchor there."""

    place: str
    anchored_at: int | None
    unanchored_since: int | None


class LogFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All of them. ``signed_at`` is of the latest checkpoint; ``unsigned_since`` of the oldest event without one."""

    sites: int
    events: int
    consumers: tuple[ConsumerLag, ...]
    some_sites: tuple[SiteLag, ...]
    signed_at: int | None
    unsigned_since: int | None
    anchors: tuple[AnchorStand, ...]
    parked_invoices: int
    requests_not_kept: dict[str, int]


async def log_figures(database: Any, *, consumers: Sequence[str], places: Sequence[str], sites_max: int) -> LogFigures:
    """Read them.

    Args:
        consumers: names of those that follow the logs, also of one that has never run.
        places: names of those that take anchors.
        sites_max: how many sites are told of one by one, the first ones by name.
    """
    totals = await database.fetchrow(query("log_totals"))
    checkpoints = await database.fetchrow(query("all_checkpoints"))
    some = await database.fetch(query("some_consumer_lags"), consumers, sites_max) if sites_max else []
    return LogFigures(
        sites=totals["sites"],
        events=int(totals["events"]),
        consumers=tuple(
            ConsumerLag(
                name=row["name"],
                behind=int(row["behind"]),
                behind_max=row["behind_max"],
                waiting_since=row["waiting_since"],
            )
            for row in await database.fetch(query("all_consumer_lags"), consumers)
        ),
        some_sites=tuple(SiteLag(**row) for row in some),
        signed_at=checkpoints["signed_at"],
        unsigned_since=checkpoints["unsigned_since"],
        anchors=tuple(AnchorStand(**row) for row in await database.fetch(query("all_anchors"), places)),
        parked_invoices=await database.fetchval(query("count_parked_invoices")),
        requests_not_kept={
            row["reason"]: int(row["count"]) for row in await database.fetch(query("all_requests_not_kept"))
        },
    )

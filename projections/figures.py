"""Figures of the views over all sites, for whoever watches the service: what is parked, and what is to be delivered."""

from typing import Any

import msgspec

from projections.sql import query


class ViewFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Parked streams by projection; deliveries of webhooks that wait for a first call or a further one, each counted up
    to a bound, and since when the oldest waits for its first call, in milliseconds since 1970.
    """

    parked: dict[str, int]
    first_calls: int
    further_calls: int
    first_call_waiting_since: int | None


async def view_figures(database: Any, *, deliveries_max: int) -> ViewFigures:
    """Read them; deliveries are counted up to ``deliveries_max``."""
    backlog = await database.fetchrow(query("webhook_backlog"), deliveries_max)
    return ViewFigures(
        parked={row["projection"]: row["count"] for row in await database.fetch(query("count_parked"))},
        first_calls=backlog["first_calls"],
        further_calls=backlog["further_calls"],
        first_call_waiting_since=backlog["waiting_since"],
    )

"""Walking the index of events: the next places of the list, read from the one index that has them in its order.

Nothing here asks the planner's statistics, and no filter by type, source, time or business entity steps over what
does not match. What the index does not hold - webhook statuses, and what many ids begin with - is looked up step by
step by whoever walks (``projections.chargebee_events.candidates``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.ids import Position, Site
from ledger.limits import INTEGER_MAX
from ledger.vocabulary import EventSource
from projections.chargebee_events.query import Place, Wanted
from projections.sql import shape
from projections.sql.fragments import Arguments

_BEHIND_ALL_POSITIONS = Position(INTEGER_MAX)


@dataclass(frozen=True, slots=True)
class EventIndex:
    """The indexed events of a site that fit by what the index holds.

    Args:
        database: a pool or a connection.
        until: the last position that the index is read to.
    """

    database: Any
    site: Site
    wanted: Wanted
    until: int
    descending: bool

    async def next(self, start: Place | None, limit: int) -> Sequence[Place]:
        """At most ``limit`` places behind one, in order."""
        text, arguments = self.statement(start, limit)
        rows = await self.database.fetch(text, *arguments)
        return [Place(row["second"], Position(row["position"])) for row in rows]

    def statement(self, start: Place | None, limit: int) -> tuple[str, list[Any]]:
        """What ``next`` runs, and its arguments."""
        place, second = self._bounds(start)
        arguments = Arguments(self.site, place.second, place.position, second, self.until, limit)
        streams, pinned = self._pins(arguments)
        text = shape("events").format(
            streams="".join(f"{stream} CROSS JOIN " for stream in streams),
            pinned=" AND ".join(pinned),
            direction="DESC" if self.descending else "ASC",
            beyond="<" if self.descending else ">",
            until=">=" if self.descending else "<=",
        )
        return text, arguments.values

    def _bounds(self, start: Place | None) -> tuple[Place, int]:
        """The place that a read begins behind, and the second that it ends with."""
        first, last = self.wanted.occurred_at.first, self.wanted.occurred_at.last
        if self.descending:
            end = Place(last, _BEHIND_ALL_POSITIONS)
            return (end if start is None else min(start, end)), first
        begin = Place(first - 1, _BEHIND_ALL_POSITIONS)
        return (begin if start is None else max(start, begin)), last

    def _pins(self, arguments: Arguments) -> tuple[list[str], list[str]]:
        """The columns that an index pins, one stream of rows for each of their values."""
        wanted, streams, pinned = self.wanted, [], ["site = $1"]
        if wanted.entity is not None:
            pinned.append(f"business_entity_id = {arguments.add(wanted.entity)}")
        if wanted.entity is not None or wanted.sources is not None or not wanted.has_all_types:
            for column, values in (("type", wanted.types), ("source", wanted.sources or tuple(EventSource))):
                streams.append(f"unnest({arguments.add(list(values))}::text[]) AS of_{column} ({column})")
                pinned.append(f"{column} = of_{column}.{column}")
        return streams, pinned

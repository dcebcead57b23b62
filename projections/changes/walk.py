"""Walking the index of the log: the next positions that pass, along the one index that leads to the fewest events.

Nothing here asks the planner's statistics. A walk reads on from where its last step ended, in longer and longer
steps, and stops after a bounded number of events, also before its page is full: the page then holds less, and the
next one goes on from there. So no request reads the whole log, whatever it asks for.
"""

from dataclasses import dataclass, field
from typing import Any

import asyncpg

from ledger.ids import Position, Site
from ledger.limits import CHANGES_LOOKED_AT_MAX
from projections.changes.row import LINKS
from projections.sql import shape
from projections.sql.conditions import Condition, OneOf
from projections.sql.fragments import Arguments, condition_sql

# The columns with an index, the most selective first; `013_change.sql` and
# `031_causes_of_changes.sql` have them.
PINNED = (
    "causation_id",
    "request_id",
    "correlation_id",
    "order_id",
    "invoice_id",
    "actor",
    "type",
    "business_entity_id",
)

_FIRST_STEP = 200
_LONGER = 10
_MORE_THAN_ARGUMENTS = 5


@dataclass(frozen=True, slots=True)
class Extent:
    """A range of positions, both ends included; empty where the first is beyond the last."""

    first: int
    last: int

    def behind(self, position: int, *, descending: bool) -> "Extent":
        """What is left beyond a position, in the direction of a walk."""
        if descending:
            return Extent(self.first, min(self.last, position - 1))
        return Extent(max(self.first, position + 1), self.last)

    @property
    def is_empty(self) -> bool:
        """Whether there is no position in it."""
        return self.first > self.last


@dataclass(slots=True)
class Walked:
    """What a walk found. ``stopped_at`` is how far it came, where that is neither the end nor as much as was wanted."""

    positions: list[Position] = field(default_factory=list)
    stopped_at: Position | None = None


async def walk(
    pool: asyncpg.Pool,
    site: Site,
    conditions: tuple[Condition, ...],
    extent: Extent,
    *,
    descending: bool,
    wanted: int,
) -> Walked:
    """The first ``wanted`` positions of the extent that fulfil all conditions, in order."""
    walked = Walked()
    text, arguments = _statement(conditions, descending=descending)
    looked, step = 0, max(_FIRST_STEP, wanted)
    while len(walked.positions) < wanted and not extent.is_empty:
        if looked >= CHANGES_LOOKED_AT_MAX:
            walked.stopped_at = Position(extent.last + 1 if descending else extent.first - 1)
            break
        missing = wanted - len(walked.positions)
        rows = await pool.fetch(text, site, extent.first, extent.last, step, missing, *arguments)
        walked.positions += [Position(row["position"]) for row in rows if row["position"] is not None]
        if rows[0]["looked"] < step:
            break
        extent = extent.behind(rows[0]["reached"], descending=descending)
        looked += step
        step = min(step * _LONGER, CHANGES_LOOKED_AT_MAX - looked)
    return walked


def _statement(conditions: tuple[Condition, ...], *, descending: bool) -> tuple[str, list[Any]]:
    """The statement of a step, and its arguments behind those that change from step to step."""
    arguments = Arguments(*[None] * _MORE_THAN_ARGUMENTS)
    pin = _pin(conditions)
    streams, ways = "", ["site = $1"]
    if pin is not None and len(pin.values) == 1:
        ways = _ways(pin.column, arguments.add(pin.values[0]))
    elif pin is not None:
        streams = f"unnest({arguments.add(list(pin.values))}::text[]) AS of_pinned (value) CROSS JOIN "
        ways = _ways(pin.column, "of_pinned.value")
    order = "DESC" if descending else "ASC"
    reads = " UNION ALL ".join(shape("changes_read").format(pinned=way, direction=order) for way in ways)
    # The extent holds the range of positions already.
    rest = [each for each in conditions if each is not pin and each.column != "position"]
    columns = dict.fromkeys(["position", *(each.column for each in rest)])
    text = shape("changes").format(
        column_names=", ".join(map(_named, columns)),
        streams=streams,
        reads=reads,
        direction=order,
        furthest="min" if descending else "max",
        conditions=" AND ".join(condition_sql(each, arguments) for each in rest) or "true",
    )
    return text, arguments.values[_MORE_THAN_ARGUMENTS:]


def _ways(column: str, value: str) -> list[str]:
    """Conditions that together lead to the events with a value; no event fulfils two of them."""
    ways = [f"site = $1 AND {column} = {value}"]
    if column in LINKS:
        ways.append(f"site = $1 AND request_id = {value} AND {column} IS NULL")
    return ways


def _named(column: str) -> str:
    """A column as conditions mean it."""
    if column in LINKS:
        return f"coalesce(change.{column}, change.request_id) AS {column}"
    return f"change.{column}"


def _pin(conditions: tuple[Condition, ...]) -> OneOf | None:
    pins = {each.column: each for each in conditions if isinstance(each, OneOf)}
    return next((pins[column] for column in PINNED if column in pins), None)

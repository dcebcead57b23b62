"""Statements on ``ledger.order_version``: the ways to versions that held at a moment, for one page of a list."""

from collections.abc import Callable, Iterable
from typing import Any

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery
from projections.past.candidates import Row
from projections.past.cut import Cut
from projections.past.page_bounds import PageBounds
from projections.sql import query, shape
from projections.sql.conditions import CLOSED_COLUMNS, Condition, OneOf, Within
from projections.sql.fragments import Arguments, condition_sql

# Orders that are looked up besides, in some ten milliseconds at most.
REVISED_MAX = 5_000

RESENT = OneOf("is_resent", (True,))
"""The condition that has an index of versions of its own."""


class VersionReader:
    """Statements on ``ledger.order_version`` for one page."""

    def __init__(
        self,
        connection: Any,
        site: Site,
        wanted: OrderQuery,
        conditions: tuple[Condition, ...],
        cut: Cut,
        *,
        until: int | None,
        newly_changed: frozenset[str],
    ) -> None:
        self.connection = connection
        self.site = site
        self.wanted = wanted
        self.conditions = conditions
        self.cut = cut
        self.until = until
        self.newly_changed = newly_changed
        self.bounds = PageBounds.of(wanted, conditions, cut, until=until)
        self.direction, self.back = ("DESC", "ASC") if wanted.sort.descending else ("ASC", "DESC")

    @property
    def by_creation(self) -> bool:
        """Whether the list is in the order of creation."""
        return self.wanted.sort.field == "created_at"

    async def at(self, ids: list[str]) -> list[Row]:
        """Rows of the list among these orders, in its order."""
        arguments = Arguments(self.site)
        text = shape("past_at").format(
            sort=self.wanted.sort.field,
            ids=arguments.add(ids),
            begun=self.begun(arguments),
            holds=self.not_over(arguments),
            conditions=joined(self._wanted(arguments)),
        )
        rows = await self.connection.fetch(text, *arguments.values)
        return self.sorted(Row(row["sort_value"], row["id"], version=row["version"]) for row in rows)

    async def all_that_held(self, rows_max: int | None) -> list[Row] | None:
        """The first rows of the list; None if more than ``rows_max`` versions held, where there is such a bound."""
        if rows_max is None:
            rows_max = INTEGER_MAX
        elif not _HOLDS_COLUMNS.issuperset(each.column for each in self.conditions):
            # The rows are looked at as well. Whether that is worth while, the index tells for a tenth of the time.
            counted = await self._held(rows_max, columns=self.columns(*_HELD_UNTIL, pinned=self.conditions))
            if counted[0]["looked"] >= rows_max:
                return None
        rows = await self._held(rows_max, conditions=self._wanted, columns=self.columns(*_HELD_UNTIL))
        return self._unless_cut(rows, rows_max)

    async def _held(
        self,
        rows_max: int,
        *,
        columns: Iterable[str],
        conditions: Callable[[Arguments], list[str]] = lambda _: ["false"],
    ) -> list[Any]:
        arguments, cut = Arguments(self.site), self.cut
        before, behind = nodes(cut.all_until, cut.indexed)
        slots = {"columns": ", ".join(columns), "position": arguments.add(cut.all_until)}
        fits = conditions(arguments)
        if cut.is_time:
            time = slots["time"] = arguments.add(cut.until_ms)
            slots["none_after"] = arguments.add(cut.none_after)
            fits.append(f"(to_position > {slots['none_after']} OR to_ms > {time})")
        text = shape("past_held").format(
            **slots,
            sort=self.wanted.sort.field,
            direction=self.direction,
            limit=arguments.add(self.wanted.limit + 1),
            statuses=f"unnest({arguments.add(self._statuses())}::text[])",
            before=arguments.add(before),
            behind=arguments.add(behind),
            early=shape("past_early").format(**slots) if cut.all_until < cut.none_after else "",
            rows_max=arguments.add(rows_max),
            conditions=joined(fits),
        )
        rows: list[Any] = await self.connection.fetch(text, *arguments.values)
        return rows

    def _unless_cut(self, rows: list[Any], rows_max: int) -> list[Row] | None:
        return None if rows[0]["looked"] >= rows_max else self.rows(rows)

    def rows(self, rows: Iterable[Any]) -> list[Row]:
        """Rows of the list; a statement that found none gives one without an id."""
        return self.sorted(
            Row(row["sort_value"], row["id"], version=row["version"]) for row in rows if row["id"] is not None
        )

    def sorted(self, rows: Iterable[Row]) -> list[Row]:
        """Rows in the order of the list, each once."""
        once = {row.id: row for row in rows}
        return sorted(once.values(), key=lambda row: (row.value, row.id), reverse=self.wanted.sort.descending)

    def has_range(self, column: str) -> bool:
        """Whether the list is one of a range of the column."""
        return any(isinstance(each, Within) and each.column == column for each in self.conditions)

    async def of_range_of_updates(self, rows_max: int) -> list[Row] | None:
        """The first rows of the list; None if more than ``rows_max`` versions are in its range of updates."""
        arguments = Arguments(self.site)
        text = shape("past_range").format(
            columns=", ".join(self.columns(*HELD)),
            read=condition_sql(self.bounds.updated, arguments),
            rows_max=arguments.add(rows_max),
            conditions=self.fits(arguments),
            sort=self.wanted.sort.field,
            direction=self.direction,
            limit=arguments.add(self.wanted.limit + 1),
        )
        return self._unless_cut(await self.connection.fetch(text, *arguments.values), rows_max)

    async def revised(self) -> list[Row] | None:
        """Rows of the list among orders that can only be found by what has been revised; None if they are many."""
        after = self.cut.all_until if self.cut.is_time else self.cut.position
        found = await self.connection.fetch(query("revised_orders"), self.site, after, REVISED_MAX)
        if len(found) >= REVISED_MAX:
            return None
        ids = list({*self.newly_changed, *(row["id"] for row in found)})
        return await self.at(ids) if ids else []

    async def by_update(self, behind: tuple[int, str, int] | None, rows_max: int) -> list[Any]:
        """One step through the order of updates (``shapes/past_walk.sql``)."""
        arguments = Arguments(self.site)
        start = self.wanted.start
        place = behind or ((start.value, start.id) if start else ())
        read = self._updated(arguments, place[0] if place else None)
        if place:
            names = ", ".join(("updated_at", "id", "version")[: len(place)])
            read.append(f"({names}) {self._beyond} ({', '.join(map(arguments.add, place))})")
        pinned = [each for each in self.conditions if each == RESENT]
        read += [condition_sql(each, arguments) for each in pinned]
        text = shape("past_walk").format(
            columns=", ".join(self.columns(*HELD, pinned=pinned)),
            read=joined(read),
            direction=self.direction,
            back=self.back,
            rows_max=arguments.add(rows_max),
            limit=arguments.add(self.wanted.limit + 1),
            conditions=self.fits(arguments, pinned=pinned),
        )
        rows: list[Any] = await self.connection.fetch(text, *arguments.values)
        return rows

    def _updated(self, arguments: Arguments, reached: int | None) -> list[str]:
        """The range of updates, without the end that lies before what was reached: an index reads from one alone."""
        bound = self.bounds.updated
        found = []
        if self.wanted.sort.descending or reached is None or reached < bound.first:
            found.append(f"updated_at >= {arguments.add(bound.first)}")
        if not self.wanted.sort.descending or reached is None or reached > bound.last:
            found.append(f"updated_at <= {arguments.add(bound.last)}")
        return found

    @property
    def _beyond(self) -> str:
        return "<" if self.wanted.sort.descending else ">"

    def begun(self, arguments: Arguments) -> str:
        """That a version had begun by then."""
        if self.cut.is_time:
            return f"from_ms <= {arguments.add(self.cut.until_ms)}"
        return f"from_position <= {arguments.add(self.cut.position)}"

    def not_over(self, arguments: Arguments) -> str:
        """That nothing had replaced it by then."""
        if self.cut.is_time:
            return f"to_ms > {arguments.add(self.cut.until_ms)}"
        return f"to_position > {arguments.add(self.cut.position)}"

    def fits(self, arguments: Arguments, *, pinned: Iterable[Condition] = ()) -> str:
        """That a version held and is of the list, behind the start of the page; ``pinned`` is known to hold."""
        return joined([self.begun(arguments), self.not_over(arguments), *self._wanted(arguments, pinned)])

    def _wanted(self, arguments: Arguments, pinned: Iterable[Condition] = ()) -> list[str]:
        """What makes a version that held one of the list, behind the start of the page."""
        found = [condition_sql(each, arguments) for each in self.conditions if each not in pinned]
        if not self.wanted.include_deleted:
            found.append("NOT deleted")
        start = self.wanted.start
        if start is not None:
            place = f"({arguments.add(start.value)}, {arguments.add(start.id)})"
            found.append(f"({self.wanted.sort.field}, id) {self._beyond} {place}")
        return found

    def columns(self, *names: str, pinned: Iterable[Condition] = ()) -> list[str]:
        """What a statement needs of a version."""
        asked = (each.column for each in self.conditions if each not in pinned)
        deleted = () if self.wanted.include_deleted else ("deleted",)
        return list(dict.fromkeys([self.wanted.sort.field, "id", "version", *names, *asked, *deleted]))

    def _statuses(self) -> list[str]:
        for each in self.conditions:
            if isinstance(each, OneOf) and each.column == "status":
                return [str(value) for value in each.values]
        return list(CLOSED_COLUMNS["status"])


_HELD_UNTIL = ("to_position", "to_ms")
_HOLDS_COLUMNS = frozenset({"created_at", "updated_at", "id", "status"})

HELD = ("from_position", "to_position", "from_ms", "to_ms")
"""The columns that tell whether a version held."""


def nodes(position: int, last: int) -> tuple[list[int], list[int]]:
    """Where versions stand that held at a position: nodes up to it, and behind it, of all positions up to the last.

    Each is the middle of a range that the position is in, of a power of two in length.
    """
    before: list[int] = []
    behind: list[int] = []
    if position > 0:
        for bit in range(last.bit_length()):
            middle = (position >> (bit + 1) << (bit + 1)) + (1 << bit)
            (before if middle <= position else behind).append(middle)
    return before, behind


def joined(conditions: Iterable[str]) -> str:
    """All conditions at once."""
    return " AND ".join(conditions) or "true"

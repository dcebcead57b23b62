"""Statements on ``ledger.order_version``: the ways to versions that held at a moment, for one page of a list."""

from collections.abc import Iterable
from typing import Any

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery
from projections.past.candidates import Row, within_page
from projections.past.cut import Cut
from projections.sql import query, shape
from projections.sql.conditions import CLOSED_COLUMNS, Condition, OneOf, Within
from projections.sql.fragments import Arguments, condition_sql


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
            begun=self._begun(arguments),
            holds=self._not_over(arguments),
            conditions=_all(self._wanted(arguments)),
        )
        rows = await self.connection.fetch(text, *arguments.values)
        return self.sorted(Row(row["sort_value"], row["id"], version=row["version"]) for row in rows)

    async def all_that_held(self, rows_max: int) -> list[Row] | None:
        """The first rows of the list; None if more than ``rows_max`` versions held."""
        arguments, cut = Arguments(self.site), self.cut
        before, behind = nodes(cut.all_until, cut.indexed)
        slots = {
            "columns": ", ".join(self._columns("to_position", "to_ms")),
            "position": arguments.add(cut.all_until),
        }
        conditions = self._wanted(arguments)
        if cut.is_time:
            time = slots["time"] = arguments.add(cut.until_ms)
            slots["none_after"] = arguments.add(cut.none_after)
            conditions.append(f"(to_position > {slots['none_after']} OR to_ms > {time})")
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
            conditions=_all(conditions),
        )
        return self._unless_cut(await self.connection.fetch(text, *arguments.values), rows_max)

    def _unless_cut(self, rows: list[Any], rows_max: int) -> list[Row] | None:
        if rows[0]["looked"] >= rows_max:
            return None
        return self.sorted(
            [Row(row["sort_value"], row["id"], version=row["version"]) for row in rows if row["id"] is not None]
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
            columns=", ".join(self._columns("from_position", "to_position", "from_ms", "to_ms")),
            read=_all(self._updated(arguments, None)),
            rows_max=arguments.add(rows_max),
            conditions=_all([self._begun(arguments), self._not_over(arguments), *self._wanted(arguments)]),
            sort=self.wanted.sort.field,
            direction=self.direction,
            limit=arguments.add(self.wanted.limit + 1),
        )
        return self._unless_cut(await self.connection.fetch(text, *arguments.values), rows_max)

    async def revised(self, rows_max: int) -> list[Row] | None:
        """Rows of the list among orders that can only be found by what has been revised; None if they are many."""
        after = self.cut.all_until if self.cut.is_time else self.cut.position
        found = await self.connection.fetch(query("revised_orders"), self.site, after, rows_max)
        if len(found) >= rows_max:
            return None
        return await self.at(list({*self.newly_changed, *(row["id"] for row in found)}))

    async def by_update(self, behind: tuple[int, str, int] | None, rows_max: int) -> list[Any]:
        """One step through the order of updates (``shapes/past_walk.sql``)."""
        arguments = Arguments(self.site)
        start = self.wanted.start
        place = behind or ((start.value, start.id) if start else ())
        read = self._updated(arguments, place[0] if place else None)
        if place:
            names = ", ".join(("updated_at", "id", "version")[: len(place)])
            read.append(f"({names}) {self._beyond} ({', '.join(map(arguments.add, place))})")
        text = shape("past_walk").format(
            columns=", ".join(self._columns("from_position", "to_position", "from_ms", "to_ms")),
            read=_all(read),
            direction=self.direction,
            back=self.back,
            rows_max=arguments.add(rows_max),
            limit=arguments.add(self.wanted.limit + 1),
            conditions=_all([self._begun(arguments), self._not_over(arguments), *self._wanted(arguments)]),
        )
        rows: list[Any] = await self.connection.fetch(text, *arguments.values)
        return rows

    def _updated(self, arguments: Arguments, reached: int | None) -> list[str]:
        """The range of updates, without the end that lies before what was reached: an index reads from one alone."""
        ranges = [each for each in self.conditions if isinstance(each, Within) and each.column == "updated_at"]
        if not self.by_creation:
            ranges += within_page(self.wanted.sort, self.until)
        first = max((each.first for each in ranges), default=-INTEGER_MAX)
        last = min([self.cut.latest_s, *(each.last for each in ranges)])
        found = []
        if self.wanted.sort.descending or reached is None or reached < first:
            found.append(f"updated_at >= {arguments.add(first)}")
        if not self.wanted.sort.descending or reached is None or reached > last:
            found.append(f"updated_at <= {arguments.add(last)}")
        return found

    @property
    def _beyond(self) -> str:
        return "<" if self.wanted.sort.descending else ">"

    def _begun(self, arguments: Arguments) -> str:
        if self.cut.is_time:
            return f"from_ms <= {arguments.add(self.cut.until_ms)}"
        return f"from_position <= {arguments.add(self.cut.position)}"

    def _not_over(self, arguments: Arguments) -> str:
        if self.cut.is_time:
            return f"to_ms > {arguments.add(self.cut.until_ms)}"
        return f"to_position > {arguments.add(self.cut.position)}"

    def _wanted(self, arguments: Arguments) -> list[str]:
        """What makes a version that held one of the list, behind the start of the page."""
        found = [condition_sql(each, arguments) for each in self.conditions]
        if not self.wanted.include_deleted:
            found.append("NOT deleted")
        start = self.wanted.start
        if start is not None:
            place = f"({arguments.add(start.value)}, {arguments.add(start.id)})"
            found.append(f"({self.wanted.sort.field}, id) {self._beyond} {place}")
        return found

    def _columns(self, *names: str) -> list[str]:
        """What a statement needs of a version."""
        asked = (each.column for each in self.conditions)
        deleted = () if self.wanted.include_deleted else ("deleted",)
        return list(dict.fromkeys([self.wanted.sort.field, "id", "version", *names, *asked, *deleted]))

    def _statuses(self) -> list[str]:
        for each in self.conditions:
            if isinstance(each, OneOf) and each.column == "status":
                return [str(value) for value in each.values]
        return list(CLOSED_COLUMNS["status"])


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


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions) or "true"

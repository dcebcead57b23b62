"""Versions that held at a moment and that a later one has replaced, of one list: the first of them in its order.

As with plain lists, no guess of the planner decides. Where most orders have changed since, the first ones that are
looked at are the page; where few have, all of these are soon looked at. Nobody knows beforehand which it is, so the
ways are tried in turn with growing bounds, and a page costs a small multiple of the cheaper one. The last way always
comes to an end: it looks at every version that held.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery
from projections.past.candidates import Changed, Row
from projections.past.cut import Cut
from projections.sql.conditions import CLOSED_COLUMNS, Condition, OneOf, StartsWith, Within
from projections.sql.fragments import Arguments, condition_sql

# What a try may look at: as many as a page takes where most of them are wanted; a set that is sorted in a few
# milliseconds; and as many as take the time that people still call at once.
FIRST_STEP = 400
SET_ROWS_MAX = 5_000
WALK_ROWS_MAX = 30_000
ALL_ROWS = 2**31 - 1

# A try that has found so much of a page after its first step goes on: it will be full soon.
WORTH_GOING_ON = 0.2


async def held(
    connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], cut: Cut
) -> list[Row]:
    """The first rows of a list at a moment, of orders that have changed since; one more than a page has."""
    if cut.is_present or (not cut.is_time and cut.position >= cut.indexed):
        # What has been replaced was replaced by then.
        return []
    reader = _Reader(connection, site, wanted, conditions, cut)
    walk: _Walk = _OfChanged(reader) if reader.by_creation or _is_narrow(conditions) else _ByUpdate(reader)
    for rows_max, set_rows_max in ((FIRST_STEP, SET_ROWS_MAX), (WALK_ROWS_MAX, ALL_ROWS)):
        await walk.go(rows_max)
        if walk.is_worth_going_on:
            await walk.go(SET_ROWS_MAX)
        if walk.is_done:
            return walk.found
        rows = await reader.all_that_held(set_rows_max)
        if rows is not None:
            return rows
    raise AssertionError("a set without a bound is read to its end")


def _is_narrow(conditions: Iterable[Condition]) -> bool:
    """Whether few orders can be in the list for what never changes about them."""
    narrow = {"id", "invoice_id", "subscription_id", "original_order_id"}
    return any(each.column in narrow and isinstance(each, OneOf | StartsWith) for each in conditions) or any(
        each.column in {"business_entity_id", "is_resent"} and isinstance(each, OneOf) and each.values != (False,)
        for each in conditions
    )


class _Reader:
    """Statements on ``ledger.order_version`` for one page."""

    def __init__(
        self, connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], cut: Cut
    ) -> None:
        self.connection = connection
        self.site = site
        self.wanted = wanted
        self.conditions = conditions
        self.cut = cut
        self.direction, self.back = ("DESC", "ASC") if wanted.sort.descending else ("ASC", "DESC")

    @property
    def by_creation(self) -> bool:
        """Whether the list is in the order of creation."""
        return self.wanted.sort.field == "created_at"

    async def at(self, ids: list[str]) -> list[Row]:
        """Rows of the list among these orders, in its order."""
        arguments = Arguments(self.site)
        text = _shape("past_at").format(
            sort=self.wanted.sort.field,
            ids=arguments.add(ids),
            begun=self._begun(arguments),
            holds=self._not_over(arguments),
            conditions=_all(self._wanted(arguments)),
        )
        rows = await self.connection.fetch(text, *arguments.values)
        found = [Row(row["sort_value"], row["id"], version=row["version"]) for row in rows]
        return sorted(found, key=lambda row: (row.value, row.id), reverse=self.wanted.sort.descending)

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
        text = _shape("past_held").format(
            **slots,
            sort=self.wanted.sort.field,
            direction=self.direction,
            limit=arguments.add(self.wanted.limit + 1),
            statuses=f"unnest({arguments.add(self._statuses())}::text[])",
            before=arguments.add(before),
            behind=arguments.add(behind),
            early=_shape("past_early").format(**slots) if cut.all_until < cut.none_after else "",
            rows_max=arguments.add(rows_max),
            conditions=_all(conditions),
        )
        rows = await self.connection.fetch(text, *arguments.values)
        if rows[0]["looked"] >= rows_max:
            return None
        found = [Row(row["sort_value"], row["id"], version=row["version"]) for row in rows if row["id"] is not None]
        return sorted(found, key=lambda row: (row.value, row.id), reverse=self.wanted.sort.descending)

    async def by_update(self, behind: tuple[int, str, int] | None, rows_max: int) -> list[Any]:
        """One step through the order of updates (``shapes/past_walk.sql``)."""
        arguments = Arguments(self.site)
        start = self.wanted.start
        place = behind or ((start.value, start.id) if start else ())
        read = self._updated(arguments, place[0] if place else None)
        if place:
            names = ", ".join(("updated_at", "id", "version")[: len(place)])
            read.append(f"({names}) {self._beyond} ({', '.join(map(arguments.add, place))})")
        text = _shape("past_walk").format(
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


@dataclass(slots=True)
class _Walk:
    """Goes through versions until there are enough of a list, or no more."""

    reader: _Reader
    is_done: bool = False

    def __post_init__(self) -> None:
        self.found: list[Row] = []

    async def go(self, rows_max: int) -> None:
        """Look at so many more."""
        raise NotImplementedError

    @property
    def is_worth_going_on(self) -> bool:
        """Whether the page will soon be full."""
        return not self.is_done and len(self.found) > WORTH_GOING_ON * self.reader.wanted.limit

    def _is_full(self) -> bool:
        return len(self.found) > self.reader.wanted.limit


class _OfChanged(_Walk):
    """Orders that have changed since, by creation, each looked up as it was."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        self._changed = Changed.of(reader.connection, reader.site, reader.wanted, reader.conditions, reader.cut)

    async def go(self, rows_max: int) -> None:
        looked = 0
        limit = 2 * (self.reader.wanted.limit + 1) if self.reader.by_creation else rows_max
        while not (self._changed.is_over or self._changed.is_cut) and looked < rows_max:
            ids = await self._changed.next(limit, rows_max)
            looked += limit
            if ids:
                self.found += await self.reader.at(ids)
            if self.reader.by_creation and self._is_full():
                break
            limit = min(2 * limit, rows_max)
        self.is_done = self._changed.is_over or (self.reader.by_creation and self._is_full())
        # A try that was cut short begins again with a larger bound.
        self._changed.is_cut = False
        self.found.sort(key=lambda row: (row.value, row.id), reverse=self.reader.wanted.sort.descending)


class _ByUpdate(_Walk):
    """Versions in the order of updates."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        self._behind: tuple[int, str, int] | None = None

    async def go(self, rows_max: int) -> None:
        looked, step = 0, FIRST_STEP
        while looked < rows_max and not self.is_done:
            rows = await self.reader.by_update(self._behind, step)
            self.found += [Row(row["sort_value"], row["id"], version=row["version"]) for row in rows if row["id"]]
            first = rows[0]
            if first["looked"]:
                self._behind = (first["reached_at"], first["reached_id"], first["reached_version"])
            self.is_done = first["looked"] < step or self._is_full()
            looked += step
            step *= 4


def nodes(position: int, last: int) -> tuple[list[int], list[int]]:
    """Where versions stand that held at a position: nodes up to it, and behind it, of all positions up to the last.

    Each is the middle of a range that the position is in, of a power of two in length.
    """
    before, behind = [], []
    if position > 0:
        for bit in range(last.bit_length()):
            middle = (position >> (bit + 1) << (bit + 1)) + (1 << bit)
            (before if middle <= position else behind).append(middle)
    return before, behind


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions) or "true"


@cache
def _shape(name: str) -> str:
    """Text of ``shapes/<name>.sql`` without its comments."""
    text = files("projections.sql").joinpath("shapes", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))

"""Versions that held at a moment, by period of the creation of their orders (schema/029_order_version_periods.sql)."""

from projections.past.candidates import Row
from projections.past.version_reader import HELD, VersionReader
from projections.past.walks import Seen
from projections.sql import shape
from projections.sql.fragments import Arguments, condition_sql

PERIOD_BITS = 17

# The periods of a month.
MERGED_PERIODS_MAX = 24

# What the index has of a version: more is in the row alone, and a period has more versions than a page shows.
_COLUMNS = frozenset({"id", "status", "created_at", "updated_at"})


class VersionPeriods:
    """Reads the periods of one page."""

    def __init__(self, reader: VersionReader) -> None:
        self._reader = reader
        created = reader.bounds.created
        self._first, self._last = created.first >> PERIOD_BITS, created.last >> PERIOD_BITS
        self._seen = Seen()

    @property
    def are_enough(self) -> bool:
        """Whether the index tells of each version whether it is in the list."""
        return all(each.column in _COLUMNS for each in self._reader.conditions)

    @property
    def are_few(self) -> bool:
        """Whether all of them can be merged."""
        return self._last - self._first < MERGED_PERIODS_MAX

    async def by_creation(self, rows_max: int, further: int) -> list[Row] | None:
        """The first rows of the list; None if more versions would have to be looked at.

        Args:
            rows_max: how many may be looked at.
            further: how many where the page will be full by then, going by what was found so far.
        """
        rows = await self._by_creation(rows_max)
        if rows is None and self._seen.rows_until_full(self._reader.wanted.limit) < further:
            rows = await self._by_creation(further)
        return rows

    async def _by_creation(self, rows_max: int) -> list[Row] | None:
        reader, arguments = self._reader, Arguments(self._reader.site)
        descending = reader.wanted.sort.descending
        first, last = (self._last, self._first) if descending else (self._first, self._last)
        text = shape("past_periods").format(
            columns=", ".join(reader.columns(*HELD)),
            range=condition_sql(reader.bounds.updated, arguments),
            first=arguments.add(first),
            last=arguments.add(last),
            back="+" if descending else "-",
            behind="<" if descending else ">",
            until=">=" if descending else "<=",
            direction=reader.direction,
            limit=arguments.add(reader.wanted.limit + 1),
            rows_max=arguments.add(rows_max),
            conditions=reader.fits(arguments),
        )
        rows = await reader.connection.fetch(text, *arguments.values)
        self._seen = Seen(rows[0]["looked"], rows[0]["held"])
        return None if rows[0]["is_cut"] else reader.rows(rows)

    async def by_update(self, rows_max: int) -> list[Row] | None:
        """The first rows of the list; None if more than ``rows_max`` versions of a period would be looked at."""
        reader, arguments = self._reader, Arguments(self._reader.site)
        text = shape("past_merged_periods").format(
            first=arguments.add(self._first),
            last=arguments.add(self._last),
            range=condition_sql(reader.bounds.updated, arguments),
            direction=reader.direction,
            limit=arguments.add(reader.wanted.limit + 1),
            rows_max=arguments.add(max(rows_max, reader.wanted.limit + 1)),
            conditions=reader.fits(arguments),
        )
        rows = await reader.connection.fetch(text, *arguments.values)
        return None if any(row["is_cut"] for row in rows) else reader.rows(rows)

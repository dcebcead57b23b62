"""A read of a page as a statement: a shape with fixed fragments in its slots, and what the caller sent as arguments."""

from dataclasses import dataclass, replace
from typing import Any

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery
from projections.sql import shape
from projections.sql.accesses import ALL, PERIOD_BITS, Access, Periods
from projections.sql.conditions import Condition, OneOf, Within
from projections.sql.fragments import Arguments, condition_sql
from projections.sql.reads import IndexRead, MergedPeriodsRead, PeriodRead, Read, held

# What lists are read from; every shape has it in a slot.
TABLE = "ledger.order_view"

# Rows of one period that are looked at to see whether it has wanted ones.
LOOK_ROWS_MAX = 1_000

_DELETED_OR_NOT = "unnest('{false,true}'::boolean[]) AS of_deleted (deleted)"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that gives ``sort_value``, ``id`` and ``document`` of a page's rows, and of the one behind them.

    A bounded one also gives ``is_cut``: where any row has it, the read came to its bound, and rows may be missing.
    """

    text: str
    arguments: tuple[Any, ...]
    is_bounded: bool


def statement(
    site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], read: Read, *, with_documents: bool = True
) -> Statement:
    """The statement of one read of a page; where only its ids are wanted, ``document`` is null."""
    writer = _Writer(site, wanted, conditions, with_documents=with_documents)
    match read:
        case MergedPeriodsRead(within, periods_max):
            text, is_bounded = writer.merged_periods(within, periods_max), periods_max is not None
        case PeriodRead(within, periods, rows_max):
            text, is_bounded = writer.periods(within, periods, rows_max), rows_max is not None
        case IndexRead(access, rows_max):
            text = writer.walk(access) if rows_max is None else writer.bounded(access, rows_max)
            is_bounded = rows_max is not None
    return Statement(text, writer.arguments, is_bounded)


class _Writer:
    """Writes one statement: every value that is not ours becomes an argument."""

    def __init__(
        self, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], *, with_documents: bool
    ) -> None:
        self._arguments = Arguments(site)
        self._wanted = wanted
        self._conditions = conditions
        self._streams: list[str] = []
        self._stream_count = 1
        self._slots = {
            "table": TABLE,
            "sort": wanted.sort.field,
            "direction": "DESC" if wanted.sort.descending else "ASC",
            "limit": self._argument(wanted.limit + 1),
            "is_shown": "true" if with_documents else "false",
        }

    def walk(self, access: Access) -> str:
        """All rows in the order of the access, to the end of the page."""
        conditions = [*self._pins(access), *self._rest(access), *self._start()]
        return self._fill("merged" if self._streams else "walk", conditions=_all(conditions))

    def bounded(self, access: Access, rows_max: int) -> str:
        """The rows of the access up to a bound, and which of them are wanted."""
        walks = access.walks(self._wanted.sort.field)
        read = [*self._pins(access), *(self._sql(each) for each in self._conditions if _bounds(access, each))]
        fits = self._rest(access, but_bounds=True)
        (read if walks else fits).extend(self._start())
        return self._fill(
            "bounded" if walks else "sorted",
            conditions=_all(read),
            fits=_all(fits),
            rows_max=self._argument(max(rows_max // self._stream_count, self._wanted.limit + 1)),
            read_order=", ".join(f"{column} {self._slots['direction']}" for column in access.ordered),
        )

    def merged_periods(self, within: Within, periods_max: int | None) -> str:
        """The rows of a range of creation in the order of updates, or the other way round."""
        pinned = self._pins(ALL["created_at"])
        first, last = self._numbers(within, PERIOD_BITS)
        return self._fill(
            "merged_periods",
            pinned=_all(pinned),
            start=_all(self._start()),
            conditions=_all([self._sql(each) for each in self._conditions]),
            periods_max=self._bound(periods_max),
            time=within.column,
            first=first,
            last=last,
        )

    def periods(self, within: Within, periods: Periods, rows_max: int | None) -> str:
        """The rows of a range by periods of creation, one after the other."""
        pinned = self._pins(periods)
        if periods.statuses:
            # Said with constants, so that the plan may use an index that has these alone, whichever are asked for.
            pinned.append(f"status IN ({', '.join(map(repr, map(str, periods.statuses)))})")
        descending = self._wanted.sort.descending
        others = [self._sql(each) for each in self._conditions if each != within and each.column not in periods.pinned]
        first, last = self._numbers(self._created(), periods.bits)
        return self._fill(
            "periods",
            pinned=_all(pinned),
            # What stands before the page is one period's at most: it does not count as looked at.
            range=_all([self._sql(within), *self._start()]),
            conditions=_all(others),
            # Of a range alone every row is wanted: no more are counted than a page needs.
            look_max=str(LOOK_ROWS_MAX) if others else self._slots["limit"],
            rows_max=self._bound(rows_max),
            bits=str(periods.bits),
            time=within.column,
            first=last if descending else first,
            last=first if descending else last,
            on="-" if descending else "+",
            back="+" if descending else "-",
            behind="<" if descending else ">",
            until=">=" if descending else "<=",
        )

    def _numbers(self, within: Within, bits: int) -> tuple[str, str]:
        """The first and the last period of a range."""
        return self._argument(within.first >> bits), self._argument(within.last >> bits)

    def _created(self) -> Within:
        """What the page can reach of the range of creation: that behind its start."""
        ranges = (each for each in self._conditions if isinstance(each, Within) and each.column == "created_at")
        created = next(ranges, Within("created_at"))
        start = self._wanted.start
        if start is None:
            return created
        if self._wanted.sort.descending:
            return replace(created, last=min(created.last, start.value))
        return replace(created, first=max(created.first, start.value))

    def _pins(self, access: Access | Periods) -> list[str]:
        """The pinned columns at their values; where one has several, each is a stream of its own."""
        return ["site = $1", *map(self._pin, access.pinned)]

    def _pin(self, column: str) -> str:
        if column == "deleted":
            return self._stream(column, _DELETED_OR_NOT, 2) if self._wanted.include_deleted else "NOT deleted"
        pinned = next(each for each in self._conditions if isinstance(each, OneOf) and each.column == column)
        if len(pinned.values) == 1:
            return self._sql(pinned)
        values = f"unnest({self._argument(list(pinned.values))}::text[]) AS of_{column} ({column})"
        return self._stream(column, values, len(pinned.values))

    def _stream(self, column: str, values: str, count: int) -> str:
        self._streams.append(values)
        self._stream_count *= count
        return f"{column} = of_{column}.{column}"

    def _rest(self, access: Access, *, but_bounds: bool = False) -> list[str]:
        """The conditions that the access does not pin."""
        conditions = [
            self._sql(each)
            for each in self._conditions
            if not (isinstance(each, OneOf) and held(access, each)) and not (but_bounds and _bounds(access, each))
        ]
        if "deleted" not in access.pinned and not self._wanted.include_deleted:
            conditions.append("NOT deleted")
        return conditions

    def _start(self) -> list[str]:
        """The page before ends before this one."""
        start = self._wanted.start
        if start is None:
            return []
        beyond = "<" if self._wanted.sort.descending else ">"
        return [f"({self._wanted.sort.field}, id) {beyond} ({self._argument(start.value)}, {self._argument(start.id)})"]

    def _sql(self, condition: Condition) -> str:
        return condition_sql(condition, self._arguments)

    def _bound(self, most: int | None) -> str:
        return self._argument(INTEGER_MAX if most is None else most)

    def _argument(self, value: Any) -> str:
        return self._arguments.add(value)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the places of the text stand for."""
        return tuple(self._arguments.values)

    def _fill(self, name: str, **slots: str) -> str:
        streams = "".join(f"{stream} CROSS JOIN " for stream in self._streams)
        return shape(name).format(**self._slots, streams=streams, **slots)


def _bounds(access: Access, condition: Condition) -> bool:
    """Whether the condition bounds how much of the index there is to read."""
    return not isinstance(condition, OneOf) and held(access, condition)


def _all(conditions: list[str]) -> str:
    return " AND ".join(conditions) or "true"

"""A read of a page as a statement: a shape with fixed fragments in its slots, and what the caller sent as arguments."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from ledger.ids import Site
from projections.listing import OrderQuery
from projections.sql.accesses import ALL, PERIOD_BITS, Access
from projections.sql.conditions import Condition, NoneOf, OneOf, StartsWith, Within
from projections.sql.reads import PeriodRead, Read, held

_DELETED_OR_NOT = "unnest('{false,true}'::boolean[]) AS of_deleted (deleted)"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that gives ``sort_value``, ``id`` and ``document`` of a page's rows, and of the one behind them.

    A bounded one also gives ``is_cut``: where any row has it, the read came to its bound, and rows may be missing.
    """

    text: str
    arguments: tuple[Any, ...]
    is_bounded: bool


def statement(site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], read: Read) -> Statement:
    """The statement of one read of a page."""
    writer = _Writer(site, wanted, conditions)
    if isinstance(read, PeriodRead):
        return Statement(writer.periods(read.within), tuple(writer.arguments), is_bounded=False)
    if read.rows_max is None:
        return Statement(writer.walk(read.access), tuple(writer.arguments), is_bounded=False)
    return Statement(writer.bounded(read.access, read.rows_max), tuple(writer.arguments), is_bounded=True)


class _Writer:
    """Writes one statement: every value that is not ours becomes an argument."""

    def __init__(self, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...]) -> None:
        self.arguments: list[Any] = [site]
        self._wanted = wanted
        self._conditions = conditions
        self._streams: list[str] = []
        self._stream_count = 1
        self._slots = {
            "sort": wanted.sort.field,
            "direction": "DESC" if wanted.sort.descending else "ASC",
            "limit": self._argument(wanted.limit + 1),
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
        bound = self._argument(max(rows_max // self._stream_count, self._wanted.limit + 1))
        return self._fill(
            "bounded",
            conditions=_all(read),
            fits=_all(fits),
            rows_max=bound,
            stream_limit=self._slots["limit"] if walks else bound,
            read_order=", ".join(f"{column} {self._slots['direction']}" for column in access.ordered),
            cut_place="" if walks else "key.is_cut DESC,",
        )

    def periods(self, within: Within) -> str:
        """The rows of a range by periods of creation, in the order of creation or of updates."""
        pinned = self._pins(ALL["created_at"])
        conditions = [*pinned, *map(self._sql, self._conditions), *self._start()]
        slots = {"pinned": _all(pinned), "conditions": _all(conditions)}
        if within.column == "created_at":
            return self._fill("periods_by_update", **slots, **self._span(within, descending=False))
        descending = self._wanted.sort.descending
        return self._fill(
            "periods",
            **slots,
            **self._span(self._created(), descending=descending),
            time=within.column,
            nearest=self._argument(within.last if descending else within.first),
            step="-" if descending else "+",
            reaches="<=" if descending else ">=",
            until=">=" if descending else "<=",
        )

    def _span(self, created: Within, *, descending: bool) -> dict[str, str]:
        """The period before the first one that the page may reach, and the last one."""
        first, last = created.first >> PERIOD_BITS, created.last >> PERIOD_BITS
        if descending:
            return {"before_first": self._argument(last + 1), "last": self._argument(first)}
        return {"before_first": self._argument(first - 1), "last": self._argument(last)}

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

    def _pins(self, access: Access) -> list[str]:
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
        column = condition.column
        match condition:
            case OneOf(_, (bool(value),)):
                return column if value else f"NOT {column}"
            case OneOf(_, (value,)):
                return f"{column} = {self._argument(value)}"
            case OneOf(_, values):
                return f"{column} = ANY ({self._argument(list(values))})"
            case Within(_, first, last):
                return f"{column} BETWEEN {self._argument(first)} AND {self._argument(last)}"
            case StartsWith(_, prefix):
                end = f" AND {column} < {self._argument(condition.end)}" if condition.end else ""
                return f"{column} >= {self._argument(prefix)}{end}"
            case NoneOf(_, values):
                return f"({column} IS NULL OR {column} <> ALL ({self._argument(list(values))}))"

    def _argument(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def _fill(self, shape: str, **slots: str) -> str:
        streams = "".join(f"{stream} CROSS JOIN " for stream in self._streams)
        return _shape(shape).format(**self._slots, streams=streams, **slots)


def _bounds(access: Access, condition: Condition) -> bool:
    """Whether the condition bounds how much of the index there is to read."""
    return not isinstance(condition, OneOf) and held(access, condition)


def _all(conditions: list[str]) -> str:
    return " AND ".join(conditions) or "true"


@cache
def _shape(name: str) -> str:
    """Text of ``shapes/<name>.sql`` without its comments."""
    text = files("projections.sql").joinpath("shapes", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))

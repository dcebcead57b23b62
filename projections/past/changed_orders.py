"""Orders that have changed since a moment, found in the order view by what never changes, or seldom does."""

from dataclasses import dataclass
from typing import Any

from ledger.ids import Site
from projections.listing import OrderQuery, PageStart, Sort
from projections.past.candidates import both, bounded, read_rows, without_start
from projections.past.cut import Cut
from projections.past.page_bounds import PageBounds
from projections.past.versions import REVISED
from projections.sql.conditions import Condition, NoneOf, Within
from projections.sql.reads import TRY_ROWS_MAX, IndexRead, reads

# Keys that are sorted within two milliseconds.
SORTED_ROWS_MAX = 2_000

# What no event ever changes.
CONSTANT = frozenset(
    {
        "id",
        "invoice_id",
        "subscription_id",
        "original_order_id",
        "business_entity_id",
        "order_type",
        "is_resent",
        "created_at",
    }
)
_BY_CREATION = Sort("created_at")


@dataclass(slots=True)
class Changed:
    """Orders that changed after a moment, in the order of a list by creation, some at a time.

    They are found by what never changes, or by what seldom does: where ``needs_revised``, orders are missing of which
    that has changed. In every other way rows may be other than they were. ``is_over`` tells that there are no more,
    ``is_cut`` that going on would look at too many rows that do not matter.
    """

    connection: Any
    site: Site
    cut: Cut
    sort: Sort
    start: PageStart | None
    conditions: tuple[Condition, ...] | None
    is_over: bool = False
    is_cut: bool = False

    @classmethod
    def of(
        cls,
        connection: Any,
        site: Site,
        wanted: OrderQuery,
        conditions: tuple[Condition, ...],
        cut: Cut,
        *,
        until: int | None = None,
    ) -> "Changed":
        """Those that a list can hold; of one by updates all those from its beginning.

        Args:
            until: the sort value of the last row that the page can hold.
        """
        constant = tuple(each for each in conditions if each.column in CONSTANT or _is_kept(each))
        by_creation = wanted.sort.field == "created_at"
        created = PageBounds.of(wanted, conditions, cut, until=until).created
        found = cls(
            connection,
            site,
            cut,
            wanted.sort if by_creation else _BY_CREATION,
            wanted.start if by_creation else None,
            both(constant, [_since(cut), without_start(created, wanted) if by_creation else created]),
        )
        found.is_over = found.conditions is None
        return found

    async def next(self, limit: int, rows_max: int = TRY_ROWS_MAX) -> list[str]:
        """Ids of the next orders, at most so many, unless more than ``rows_max`` rows would be looked at for them."""
        assert self.conditions is not None
        wanted = OrderQuery(sort=self.sort, limit=limit, start=self.start, include_deleted=True)
        first = reads(self._constant, self.sort.field)[0]
        if isinstance(first, IndexRead) and not first.access.walks(self.sort.field):
            # All of them have to be sorted, and whether they are too many is known before.
            rows_max = max(rows_max, SORTED_ROWS_MAX)
        read = bounded(first, rows_max)
        rows = await read_rows(self.connection, self.site, wanted, self.conditions, read, with_documents=False)
        if rows is None:
            self.is_cut = True
            return []
        self.is_over = len(rows) <= limit
        if not self.is_over:
            rows = rows[:limit]
            self.start = rows[-1].place
        return [row.id for row in rows]

    @property
    def needs_revised(self) -> bool:
        """Whether orders were looked for by what seldom changes."""
        return any(map(_is_kept, self.conditions or ()))

    @property
    def _constant(self) -> tuple[Condition, ...]:
        """Without the moment, which leads to no index that would be read in the order of the list."""
        return tuple(
            each for each in self.conditions or () if each.column not in {"created_at", "updated_at", "position"}
        )


def _is_kept(condition: Condition) -> bool:
    """Whether only an order that has a value fulfils it, which it seldom loses."""
    return condition.column in REVISED and not isinstance(condition, NoneOf)


def _since(cut: Cut) -> Within:
    """What holds of the row of an order that has changed since."""
    if cut.is_time:
        return Within("updated_at", first=cut.until_ms // 1000)
    return Within("position", first=cut.position + 1)

"""Between which times of creation and of updates all that a page of the past can show lies."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery
from projections.past.cut import Cut
from projections.sql.conditions import Condition, Within


@dataclass(frozen=True, slots=True)
class PageBounds:
    """Both in seconds, ends included, from all that is known: filters, the moment, and where the page starts.

    An order is created before its updates, or at most ``Cut.lead_s`` later: a bound of the one time is also one of the
    other. Neither says all that the filters ask.
    """

    created: Within
    updated: Within

    @classmethod
    def of(
        cls, wanted: OrderQuery, conditions: Iterable[Condition], cut: Cut, *, until: int | None = None
    ) -> "PageBounds":
        """Those of a page.

        Args:
            until: the sort value of the last row that the page can hold.
        """
        ranges = {"created_at": Within("created_at", last=cut.created_s), "updated_at": _updated(cut)}
        page = page_range(wanted, until)
        for each in (*conditions, page):
            if isinstance(each, Within) and each.column in ranges:
                ranges[each.column] = _both(ranges[each.column], each)
        created, updated = ranges["created_at"], ranges["updated_at"]
        return cls(
            created=_both(created, Within("created_at", last=updated.last + cut.lead_s)),
            updated=_both(updated, Within("updated_at", first=created.first - cut.lead_s)),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be on the page."""
        return self.created.first > self.created.last or self.updated.first > self.updated.last


def page_range(wanted: OrderQuery, until: int | None) -> Within:
    """The sort values from the start of a page to the last one that it can hold."""
    start = wanted.start.value if wanted.start else None
    first, last = (until, start) if wanted.sort.descending else (start, until)
    return Within(
        wanted.sort.field,
        first=-INTEGER_MAX if first is None else first,
        last=INTEGER_MAX if last is None else last,
    )


def _updated(cut: Cut) -> Within:
    return Within("updated_at", last=cut.latest_s)


def _both(one: Within, other: Within) -> Within:
    return Within(one.column, max(one.first, other.first), min(one.last, other.last))

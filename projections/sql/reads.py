"""How a page is read: from which indexes, in which order, and how far before something else is tried.

Nothing here asks the planner's statistics, which know neither that updates follow creation nor what a prepared
statement will be asked next. A page that one index holds in its order is one read. For any other, the best two ways
are tried in turn with a bound on the rows that each may look at, so that a page costs a small multiple of the
cheaper one, whichever that is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from projections.sql.accesses import ALL, IN_MERGED_PERIODS, NARROW, PERIODS, STATUS_PERIODS, Access, Periods
from projections.sql.conditions import Condition, OneOf, StartsWith, Within

# Rows that a try may look at: first about as many as a page shows ten times over, which takes less than a millisecond,
# then as many as a page of one order in a hundred takes, and at last as many as take the time that people still call
# at once.
TRY_ROWS_MAX = 1_000
SECOND_TRY_ROWS_MAX = 10_000
LAST_TRY_ROWS_MAX = 30_000

# Periods answer most pages within two milliseconds: a walk before them must not cost as much.
WALK_BEFORE_PERIODS_ROWS_MAX = 500

# The periods of a month: they hold about as many keys of a page as a try looks at.
MERGED_PERIODS_MAX = 12


@dataclass(frozen=True, slots=True)
class IndexRead:
    """Read an index, at most ``rows_max`` rows of it; None reads on to the end of the page."""

    access: Access
    rows_max: int | None = None


@dataclass(frozen=True, slots=True)
class PeriodRead:
    """Read one period of creation after the other: the rows in this range, ``rows_max`` of them or a period more."""

    within: Within
    periods: Periods
    rows_max: int | None = None


@dataclass(frozen=True, slots=True)
class MergedPeriodsRead:
    """Read all periods of this range of creation or of updates together, if there are no more than so many."""

    within: Within
    periods_max: int | None = None


Read = IndexRead | PeriodRead | MergedPeriodsRead


def reads(conditions: tuple[Condition, ...], sort: str) -> tuple[Read, ...]:
    """What to read for a page, one after the other until one of them was not cut short; the last never is."""
    narrow = tuple(_usable(conditions, sort))
    top, *others = (*narrow, ALL[sort])
    if top.walks(sort) and _covers(top, conditions):
        return (IndexRead(top),)
    period = _period(conditions, sort)
    if period:
        return (_by_creation if sort == "created_at" else _by_update)(period, narrow, conditions)
    if top.walks(sort) and others in ([], [ALL[sort]]):
        # All that the other way could find is on this one.
        return (IndexRead(top),)
    other = next(access for access in others if access.walks(sort))
    return (
        IndexRead(top, TRY_ROWS_MAX),
        IndexRead(other, TRY_ROWS_MAX),
        IndexRead(top, SECOND_TRY_ROWS_MAX),
        IndexRead(other, SECOND_TRY_ROWS_MAX),
        IndexRead(top, LAST_TRY_ROWS_MAX),
        IndexRead(other),
    )


def _by_creation(period: Within, narrow: tuple[Access, ...], conditions: tuple[Condition, ...]) -> tuple[Read, ...]:
    """Other ways first, where they may be shorter, and again where the periods have few rows that are wanted."""
    first: list[Read] = [IndexRead(access, _tried_before_periods(access)) for access in narrow[:2]]
    if _has_status_periods(period, conditions):
        return (*first, PeriodRead(period, STATUS_PERIODS))
    periods = PERIODS[period.column]
    if period.column == "updated_at" and {each.column for each in conditions} <= IN_MERGED_PERIODS:
        first.insert(1, MergedPeriodsRead(period, MERGED_PERIODS_MAX))
    if conditions == (period,) or not narrow:
        return (*first, PeriodRead(period, periods))
    return (
        *first,
        PeriodRead(period, periods, SECOND_TRY_ROWS_MAX),
        IndexRead(narrow[0], LAST_TRY_ROWS_MAX),
        PeriodRead(period, periods),
    )


def _has_status_periods(period: Within, conditions: tuple[Condition, ...]) -> bool:
    """Whether updates are asked for of statuses that have periods of their own, and nothing that these do not hold."""
    statuses = next((each.values for each in conditions if isinstance(each, OneOf) and each.column == "status"), ())
    return (
        period.column == "updated_at"
        and {each.column for each in conditions} <= IN_MERGED_PERIODS
        and 0 < len(statuses) == len(set(statuses) & set(STATUS_PERIODS.statuses))
    )


def _tried_before_periods(access: Access) -> int:
    return WALK_BEFORE_PERIODS_ROWS_MAX if access.walks("created_at") else TRY_ROWS_MAX


def _by_update(period: Within, narrow: tuple[Access, ...], conditions: tuple[Condition, ...]) -> tuple[Read, ...]:
    """The periods of creation, of which all have to be read: few at once, many after other ways."""
    walk = next(access for access in (*narrow[1:], ALL["updated_at"]) if access.walks("updated_at"))
    tries = [IndexRead(access, TRY_ROWS_MAX) for access in (*narrow[:1], walk)]
    if conditions == (period,):
        return (MergedPeriodsRead(period, MERGED_PERIODS_MAX), *tries, MergedPeriodsRead(period))
    return (*tries, MergedPeriodsRead(period))


def held(access: Access, condition: Condition) -> bool:
    """Whether the index leads to the rows that fulfil the condition, and to no others."""
    match condition:
        case OneOf():
            return condition.column in access.pinned
        case Within() | StartsWith():
            return condition.column == access.ordered[0]
    return False


def _covers(access: Access, conditions: tuple[Condition, ...]) -> bool:
    return all(held(access, condition) for condition in conditions)


def _usable(conditions: tuple[Condition, ...], sort: str) -> Iterator[Access]:
    """The ways that leave out rows which are not in the list, the most selective first."""
    pinned = {each.column for each in conditions if isinstance(each, OneOf) and _is_indexed(each)}
    for access in NARROW:
        pins = set(access.pinned) - {"deleted"}
        if access is ALL[sort] or not pins <= pinned:
            continue
        is_bounded = any(held(access, each) for each in conditions if not isinstance(each, OneOf))
        if access.walks(sort) or is_bounded or (pins and not _has_walk(access, sort)):
            yield access


def _is_indexed(condition: OneOf) -> bool:
    """Orders that were not resent are nearly all, and in no index of their own."""
    return condition.column != "is_resent" or condition.values == (True,)


def _has_walk(access: Access, sort: str) -> bool:
    return any(other.pinned == access.pinned and other.walks(sort) for other in NARROW)


def _period(conditions: tuple[Condition, ...], sort: str) -> Within | None:
    """The narrowest range that is held by period of creation and comes in the order of this sort attribute."""
    times = PERIODS.keys() if sort == "created_at" else {"created_at"}
    ranges = [each for each in conditions if isinstance(each, Within) and each.column in times]
    return min(ranges, key=lambda each: each.last - each.first, default=None)

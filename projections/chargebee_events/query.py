"""What the events of a site can be asked for, as data, and what that means for the columns of the index."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.ids import Position
from ledger.limits import INTEGER_MAX, WEBHOOK_STATUS_FILTER_DAYS
from ledger.vocabulary import EventSource, WebhookStatus
from projections.changes.row import ChangeRow
from projections.chargebee_events.event_types import SHOWN, logged_as
from projections.listing import Filter, Operator
from projections.sql.conditions import Condition, NoneOf, OneOf, StartsWith, Within, conditions_of

BUSINESS_ENTITY = "business_entity_id"
FILTERED = frozenset({"id", "webhook_status", "event_type", "source", "occurred_at", BUSINESS_ENTITY})

_DAY_S = 24 * 60 * 60
_ANY_TIME = Within("occurred_at")


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where an event stands in the list: by its second, and by its position within it."""

    second: int
    position: Position


@dataclass(frozen=True, kw_only=True, slots=True)
class EventQuery:
    """One page of the events of a site. All filters must hold; times are seconds.

    ``start`` is where the page before ended; this one lies beyond it.
    """

    filters: tuple[Filter, ...] = ()
    descending: bool = True
    limit: int = 10
    start: Place | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What must hold of an event. None of ``sources``, ``ids``, ``entity`` and ``statuses`` is no bound.

    ``statuses`` must hold of any endpoint of the event, ``unwanted_statuses`` of none.
    """

    types: tuple[str, ...]
    sources: tuple[str, ...] | None = None
    occurred_at: Within = _ANY_TIME
    entity: str | None = None
    ids: tuple[str, ...] | None = None
    unwanted_ids: frozenset[str] = frozenset()
    id_prefixes: tuple[StartsWith, ...] = ()
    statuses: frozenset[WebhookStatus] | None = None
    unwanted_statuses: frozenset[WebhookStatus] = field(default_factory=frozenset)

    @property
    def has_all_types(self) -> bool:
        """Whether any event of an order fits by its type."""
        return len(self.types) == len(SHOWN)

    @property
    def asks_id(self) -> bool:
        """Whether it depends on the id."""
        return self.ids is not None or bool(self.unwanted_ids) or bool(self.id_prefixes)

    @property
    def asks_status(self) -> bool:
        """Whether it depends on deliveries."""
        return self.statuses is not None or bool(self.unwanted_statuses)

    def holds(self, row: ChangeRow) -> bool:
        """Whether what the index has of an event fits."""
        return (
            row.type in self.types
            and (self.sources is None or row.source in self.sources)
            and self.occurred_at.first <= row.recorded_at // 1000 <= self.occurred_at.last
            and self.entity in {None, row.business_entity_id}
        )

    def holds_id(self, event_id: str) -> bool:
        """Whether the id fits."""
        return (
            (self.ids is None or event_id in self.ids)
            and event_id not in self.unwanted_ids
            and all(event_id.startswith(each.prefix) for each in self.id_prefixes)
        )

    def holds_statuses(self, found: Iterable[WebhookStatus]) -> bool:
        """Whether the statuses of an event's endpoints fit."""
        among = frozenset(found)
        return (self.statuses is None or bool(among & self.statuses)) and not among & self.unwanted_statuses


def wanted_of(filters: Iterable[Filter], *, now_s: int) -> Wanted | None:
    """What the filters ask; None if no event can be so.

    A filter by webhook status looks at the last days alone unless a time is asked for (chargebee/events.md,
    section 2).
    """
    filters = tuple(filters)
    assert all(each.field in FILTERED for each in filters)
    if _looks_back_a_little(filters):
        since = now_s - WEBHOOK_STATUS_FILTER_DAYS * _DAY_S
        filters = (*filters, Filter("occurred_at", Operator.BETWEEN, (since, INTEGER_MAX)))
    conditions = conditions_of(filters)
    if conditions is None:
        return None
    wanted = _wanted(conditions)
    return wanted if wanted.types and wanted.sources != () and wanted.statuses != frozenset() else None


def _looks_back_a_little(filters: tuple[Filter, ...]) -> bool:
    fields = {each.field for each in filters}
    return "webhook_status" in fields and "occurred_at" not in fields


def _wanted(conditions: tuple[Condition, ...]) -> Wanted:
    ids = _one_of(conditions, "id")
    statuses = _one_of(conditions, "webhook_status")
    entities = _one_of(conditions, BUSINESS_ENTITY)
    ranges = (each for each in conditions if isinstance(each, Within) and each.column == "occurred_at")
    return Wanted(
        types=logged_as(_closed(conditions, "event_type", tuple(SHOWN.values()))),
        sources=_closed(conditions, "source", tuple(EventSource)) if _asks(conditions, "source") else None,
        occurred_at=next(ranges, _ANY_TIME),
        entity=entities[0] if entities else None,
        ids=ids,
        unwanted_ids=_none_of(conditions, "id"),
        id_prefixes=tuple(each for each in conditions if isinstance(each, StartsWith)),
        statuses=None if statuses is None else frozenset(map(WebhookStatus, statuses)),
        unwanted_statuses=frozenset(map(WebhookStatus, _none_of(conditions, "webhook_status"))),
    )


def _asks(conditions: tuple[Condition, ...], column: str) -> bool:
    return any(each.column == column for each in conditions)


def _closed(conditions: tuple[Condition, ...], column: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """The values that a column of a closed set may have: what it is not says what it is."""
    among, not_among = _one_of(conditions, column), _none_of(conditions, column)
    kept = (value for value in values if (among is None or value in among) and value not in not_among)
    return tuple(dict.fromkeys(kept))


def _one_of(conditions: tuple[Condition, ...], column: str) -> tuple[str, ...] | None:
    found = (each for each in conditions if isinstance(each, OneOf) and each.column == column)
    one = next(found, None)
    return None if one is None else tuple(map(str, one.values))


def _none_of(conditions: tuple[Condition, ...], column: str) -> frozenset[str]:
    found = (each for each in conditions if isinstance(each, NoneOf) and each.column == column)
    return frozenset(str(value) for each in found for value in each.values)

"""Settings of a site: what its owner decided, kept as events of the stream ``settings``.

They are those of chargebee/order-generation.md, section 1. Every member has a default that means "nothing was set".
"""

from collections.abc import Iterable
from typing import Annotated, TypeAlias

import msgspec
from msgspec.structs import replace

from ledger.events import DomainEvent, SettingsChanged
from ledger.limits import LEAD_DAYS_MAX, SHIPPING_PERIOD_MAX
from ledger.parts import Part
from ledger.vocabulary import InvoiceStatus, OrderNumberAssignment, PeriodUnit, Weekday

_Period = Annotated[int, msgspec.Meta(ge=1, le=SHIPPING_PERIOD_MAX)]
_LeadDays = Annotated[int, msgspec.Meta(ge=0, le=LEAD_DAYS_MAX)]
_DayOfMonth = Annotated[int, msgspec.Meta(ge=1, le=31)]

UNPAID_STATUSES = frozenset({InvoiceStatus.POSTED, InvoiceStatus.PAYMENT_DUE, InvoiceStatus.NOT_PAID})
"""Statuses of an invoice in which orders may be generated before it is paid."""


class CatalogItem(Part, frozen=True, kw_only=True):
    """What the catalog says of one item price; invoices do not carry it.

    With a shipping period of, say, two months, a line of it ships every two months of its term; without one it ships
    once.
    """

    is_shippable: bool = True
    sku: str | None = None
    shipping_period: _Period | None = None
    shipping_period_unit: PeriodUnit | None = None

    def __post_init__(self) -> None:
        if (self.shipping_period is None) is not (self.shipping_period_unit is None):
            raise ValueError("a shipping period has a length and a unit")


class LeadTime(Part, frozen=True, kw_only=True, tag_field="type", tag="lead_time"):
    """Orders ship so many days after their order date."""

    days: _LeadDays


class DayOfWeek(Part, frozen=True, kw_only=True, tag_field="type", tag="day_of_week"):
    """Orders ship on the next such day."""

    day: Weekday


class DayOfMonth(Part, frozen=True, kw_only=True, tag_field="type", tag="day_of_month"):
    """Orders ship on a day of the month; ``cut_off_day`` is the last one on which that month's shipment is paid in
    time. In a shorter month both are its last day at the latest.
    """

    day: _DayOfMonth
    cut_off_day: _DayOfMonth | None = None


ShippingRule: TypeAlias = LeadTime | DayOfWeek | DayOfMonth


class SiteSettings(Part, frozen=True, kw_only=True):
    """The settings in force.

    ``order_number_start`` is None while no number series is configured; numbers then are 1, 2 and so on without a
    prefix, and imported orders may carry any number. Without a ``shipping_rule`` orders ship on their order date.
    """

    manual_orders_enabled: bool = True
    order_number_prefix: str = ""
    order_number_start: int | None = None
    resend_reasons: tuple[str, ...] = ()
    resend_reason_mandatory: bool = False
    include_non_shippable: bool = False
    shippable_by_default: bool = True
    time_zone: str = "UTC"
    business_entities: tuple[str, ...] = ()
    order_generation_enabled: bool = False
    unpaid_statuses: tuple[InvoiceStatus, ...] = ()
    single_order_with_multiple_items: bool = False
    order_number_assignment: OrderNumberAssignment = OrderNumberAssignment.ON_DEMAND
    shipping_rule: ShippingRule | None = None
    catalog: dict[str, CatalogItem] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not UNPAID_STATUSES.issuperset(self.unpaid_statuses):
            raise ValueError("orders are generated for unpaid invoices in some statuses alone")

    def is_shippable(self, entity_id: str | None) -> bool:
        """Whether an item price is shipped; an id that the catalog does not know follows ``shippable_by_default``."""
        item = self.catalog.get(entity_id or "")
        return item.is_shippable if item else self.shippable_by_default


def fold_settings(events: Iterable[DomainEvent], settings: SiteSettings | None = None) -> SiteSettings:
    """The settings after more changes.

    Raises:
        ValueError: an event does not belong to settings.
    """
    settings = settings or SiteSettings()
    for event in events:
        if not isinstance(event, SettingsChanged):
            raise ValueError(f"{event.TOPIC} cannot follow in the stream of the settings")
        changed = msgspec.convert(event.settings, SiteSettings)
        settings = replace(settings, **{name: getattr(changed, name) for name in event.settings})
    return settings

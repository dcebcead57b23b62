"""Settings of a site: what its owner decided, kept as events of the stream ``settings``.

They are those of chargebee/order-generation.md, section 1.

Only what the operations need today stands here; every member has a default that means "nothing was set".
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from ledger.events import DomainEvent, SettingsChanged
from ledger.parts import Part


class CatalogItem(Part, frozen=True, kw_only=True):
    """What the catalog says of one item price; invoices do not carry it."""

    is_shippable: bool = True
    sku: str | None = None


class SiteSettings(Part, frozen=True, kw_only=True):
    """The settings in force.

    ``order_number_start`` is None while no number series is configured; numbers then are 1, 2 and so on without a
    prefix, and imported orders may carry any number.
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
    catalog: dict[str, CatalogItem] = msgspec.field(default_factory=dict)

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

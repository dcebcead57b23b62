"""The ways into the order view: which columns an index pins, and in which order its rows then come.

Data only. The indexes are made by ``schema/003_order_view.sql``, 006 to 008 and 011; why these and no others stands in
docs/decisions/0007-list-indexes.md.
"""

from dataclasses import dataclass

# Orders are created in periods of 2^18 seconds, three days (schema/008_list_indexes_by_period.sql).
PERIOD_BITS = 18

_BY_CREATION = ("created_at", "id")
_BY_UPDATE = ("updated_at", "id")


@dataclass(frozen=True, slots=True)
class Access:
    """One way to read an index: with ``pinned`` columns at one value each, rows come in the order of ``ordered``.

    The site is always pinned and not named. An index that does not hold ``deleted`` leaves it to the rows.
    """

    index: str
    pinned: tuple[str, ...]
    ordered: tuple[str, ...]

    def walks(self, sort: str) -> bool:
        """Whether the rows come in the order of a list with this sort attribute."""
        return self.ordered == (sort, "id")


# The most selective first: an order has few resends, an invoice few orders, a status many.
NARROW: tuple[Access, ...] = (
    Access("order_view_pkey", ("id",), ("id",)),
    Access("order_view_list_original", ("original_order_id",), _BY_CREATION),
    Access("order_view_by_invoice", ("invoice_id",), _BY_CREATION),
    Access("order_view_list_subscription", ("subscription_id",), _BY_CREATION),
    Access("order_view_pkey", (), ("id",)),
    Access("order_view_list_original", (), ("original_order_id", *_BY_CREATION)),
    Access("order_view_by_invoice", (), ("invoice_id", *_BY_CREATION)),
    Access("order_view_list_subscription", (), ("subscription_id", *_BY_CREATION)),
    Access("order_view_list_resent", ("deleted", "is_resent"), _BY_CREATION),
    Access("order_view_list_resent_updated", ("deleted", "is_resent"), _BY_UPDATE),
    Access("order_view_list_resent_status", ("deleted", "resent_status"), _BY_CREATION),
    Access("order_view_list_status_updated", ("deleted", "status"), _BY_UPDATE),
    Access("order_view_list_entity_created", ("business_entity_id", "deleted"), _BY_CREATION),
    Access("order_view_list_entity_updated", ("business_entity_id", "deleted"), _BY_UPDATE),
    Access("order_view_list_status_created", ("deleted", "status"), _BY_CREATION),
    Access("order_view_list_type", ("deleted", "order_type"), _BY_CREATION),
    Access("order_view_list_updated", ("deleted",), _BY_UPDATE),
    Access("order_view_list_created", ("deleted",), _BY_CREATION),
)

# All orders of a site, by sort attribute.
ALL: dict[str, Access] = {access.ordered[0]: access for access in NARROW[-2:]}

# The index that holds creation by period of updates.
UPDATE_PERIODS = "order_view_update_period"

# The indexes that hold a time by period of creation, within which orders stand by that time.
PERIODS: dict[str, str] = {
    "updated_at": "order_view_period_updated",
    "order_date": "order_view_period_order_date",
    "shipping_date": "order_view_period_shipping_date",
    "shipped_at": "order_view_period_shipped_at",
    "paid_on": "order_view_period_paid_on",
}

# What the indexes hold that have times of creation by period of updates, and the other way round.
IN_MERGED_PERIODS = frozenset({"created_at", "updated_at", "status"})

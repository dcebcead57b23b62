"""The ways into the order view: which columns an index pins, and in which order its rows then come.

Data only. The indexes are made by ``schema/003_order_view.sql``, 006 to 008, 011 and 017; why these and no others is
written in docs/decisions/0007-list-indexes.md.
"""

from dataclasses import dataclass

from ledger.vocabulary import OrderStatus

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


@dataclass(frozen=True, slots=True)
class Periods:
    """An index of a time by period of creation, of 2^``bits`` seconds, within which orders stand by that time.

    ``pinned`` is as for ``Access``. ``statuses`` are those that the index has, if not all.
    """

    index: str
    pinned: tuple[str, ...] = ("deleted",)
    bits: int = PERIOD_BITS
    statuses: tuple[OrderStatus, ...] = ()


PERIODS: dict[str, Periods] = {
    "updated_at": Periods("order_view_period_updated"),
    "order_date": Periods("order_view_period_order_date"),
    "shipping_date": Periods("order_view_period_shipping_date"),
    "shipped_at": Periods("order_view_period_shipped_at"),
    "paid_on": Periods("order_view_period_paid_on"),
}

# Updates of the orders in a state that few end in (schema/017_status_list_includes_updates.sql).
STATUS_PERIODS = Periods(
    "order_view_status_period_updated",
    pinned=("deleted", "status"),
    bits=21,
    statuses=(OrderStatus.CANCELLED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.RETURNED, OrderStatus.VOIDED),
)

# What the indexes hold that have times of creation by period of updates, and the other way round.
IN_MERGED_PERIODS = frozenset({"created_at", "updated_at", "status"})

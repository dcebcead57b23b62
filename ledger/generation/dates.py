"""The order dates of a line, before anything is known of its payment (chargebee/order-generation.md, section 3)."""

from collections.abc import Iterator
from itertools import count, islice
from zoneinfo import ZoneInfo

from ledger.generation.civil_time import later
from ledger.limits import ORDERS_PER_LINE_MAX
from ledger.settings import CatalogItem
from ledger.vocabulary import EntityType

ONE_TIME = frozenset({EntityType.CHARGE_ITEM_PRICE, EntityType.PLAN_SETUP, EntityType.ADHOC})
"""Lines that are no part of a subscription's term: they ship once, whenever they are paid."""


_CLOCK_CHANGE_S = 2 * 3600


class TooManyOrders(Exception):
    """A line would get more orders than ``ORDERS_PER_LINE_MAX``."""


def order_dates(
    entity_type: EntityType, date_from: int, date_to: int | None, item: CatalogItem | None, zone: ZoneInfo
) -> tuple[int, ...]:
    """Every shipping period of the term from its start: ``date_from + k * period`` while that is before ``date_to``.

    A date that the end of the term misses by an hour or two is its end: so far apart are the clocks of summer and
    winter, where invoice and site count in different zones.

    One-time charges, items without a shipping period and lines without a term have one date, ``date_from``.

    Raises:
        TooManyOrders: the term holds too many periods.
    """
    if entity_type in ONE_TIME or date_to is None or item is None:
        return (date_from,)
    dates = tuple(islice(_periods(date_from, date_to, item, zone), ORDERS_PER_LINE_MAX + 1))
    if len(dates) > ORDERS_PER_LINE_MAX:
        raise TooManyOrders
    return dates or (date_from,)


def _periods(date_from: int, date_to: int, item: CatalogItem, zone: ZoneInfo) -> Iterator[int]:
    if item.shipping_period is None or item.shipping_period_unit is None:
        return
    for step in count():
        # Counted from the start each time: from Jan 31 by months come Feb 28 and Mar 31.
        date = later(date_from, step * item.shipping_period, item.shipping_period_unit, zone)
        if date + (_CLOCK_CHANGE_S if step else 0) >= date_to:
            return
        yield date

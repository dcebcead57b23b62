"""The pages of 100 orders that callers are likely to ask for, as query strings, grouped by who asks and why.

Words in braces are ids and times of the two years of ``ops.bench.orders``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from api.schemas.listing import LIST_ORDERS
from ledger.limits import PAGE_LIMIT_MAX
from ops.bench.orders import COMMON_ENTITY, DAY_S, END_S, LARGE_INVOICE, RARE_ENTITY, invoice_id, subscription_id
from projections.listing import Filter, Operator, OrderQuery

HALF_WAY = "half-way through "
ENTITY = "entity "

PAGES: dict[str, tuple[str, ...]] = {
    # People who look around, and programs that read everything.
    "all orders": (
        "",
        "sort_by[desc]=created_at",
        "sort_by[asc]=updated_at",
        "sort_by[desc]=updated_at",
        "include_deleted=true",
        f"{HALF_WAY}",
        f"{HALF_WAY}sort_by[desc]=updated_at",
        f"{HALF_WAY}include_deleted=true",
    ),
    # Connectors: singer's tap (updated_at[after], sorted by it, deleted ones too), Airbyte (slices of a month; sorted
    # by updated_at or, in older versions, not at all), and hand-written polls, which mostly leave the sort out.
    "what has changed": (
        "updated_at[after]={hour_ago}&include_deleted=true&sort_by[asc]=updated_at",
        "updated_at[after]=1&include_deleted=true&sort_by[asc]=updated_at",
        f"{HALF_WAY}updated_at[after]=1&include_deleted=true&sort_by[asc]=updated_at",
        "updated_at[between]={month}&include_deleted=true&sort_by[asc]=updated_at",
        "updated_at[between]={month}&include_deleted=true",
        f"{HALF_WAY}updated_at[between]={{month}}&include_deleted=true",
        "updated_at[between]={month}&sort_by[desc]=created_at",
        "updated_at[after]={hour_ago}",
        "updated_at[after]={week_ago}",
        "updated_at[after]={year_ago}",
        f"{HALF_WAY}updated_at[after]={{year_ago}}",
        "updated_at[before]={year_ago}",
        "updated_at[before]={year_ago}&sort_by[desc]=created_at",
        "updated_at[on]={day}",
        "updated_at[after]=1",
    ),
    # The work of a warehouse, and reports.
    "status": (
        "status[is]=delivered",
        "status[is]=queued",
        "status[is]=on_hold",
        f"{HALF_WAY}status[is]=delivered",
        "status[is]=queued&sort_by[desc]=updated_at",
        "status[is]=delivered&include_deleted=true",
        "status[in]=[queued,awaiting_shipment,on_hold]",
        "status[in]=[queued,awaiting_shipment,on_hold]&sort_by[asc]=updated_at",
        "status[is_not]=delivered",
        "status[not_in]=[delivered,cancelled]&sort_by[desc]=updated_at",
        "status[is]=delivered&created_at[between]={month}",
        "status[is]=delivered&updated_at[between]={month}&sort_by[asc]=updated_at",
        "status[is]=delivered&updated_at[between]={month}",
        "status[is]=delivered&updated_at[after]={hour_ago}",
        "status[is]=cancelled&updated_at[after]={week_ago}",
        "status[is]=cancelled&updated_at[after]={year_ago}",
        "status[is]=returned&updated_at[after]={year_ago}",
        "status[is]=queued&shipping_date[before]={now}",
        "status[in]=[queued,awaiting_shipment]&shipping_date[after]={now}",
        "status[in]=[queued,awaiting_shipment]&shipping_date[before]={week_ago}",
        "status[is]=queued&shipping_date[before]={year_ago}",
        "status[is]=delivered&shipping_date[between]={month}",
        "status[is]=cancelled&shipping_date[between]={month}",
        "status[is]=queued&order_type[is]=system_generated",
    ),
    # The orders of one customer's matter.
    "whose": (
        "invoice_id[is]={invoice}",
        "invoice_id[is]={invoice}&sort_by[desc]=created_at",
        "invoice_id[is]={invoice}&status[is]=delivered",
        "invoice_id[is]={large_invoice}&sort_by[desc]=created_at",
        "invoice_id[is]={large_invoice}&sort_by[desc]=updated_at",
        "invoice_id[in]={invoices}",
        "invoice_id[is_not]={large_invoice}",
        "invoice_id[starts_with]=inv_00012",
        "subscription_id[is]={subscription}",
        "subscription_id[is]={subscription}&sort_by[desc]=updated_at",
        "subscription_id[is]=unknown",
        "subscription_id[is_not]={subscription}",
        "original_order_id[is]=9000",
        "id[is]=7000",
        "id[in]={ids}",
        "id[not_in]={ids}",
        "id[starts_with]=77",
        "id[starts_with]=__test__",
    ),
    "what is rare": (
        "is_resent[is]=true",
        "is_resent[is]=true&sort_by[desc]=updated_at",
        "is_resent[is]=false",
        "resent_status[is]=fully_resent",
        "resent_status[in]=[fully_resent,partially_resent]&sort_by[desc]=created_at",
        "resent_status[is_not]=fully_resent",
        "order_type[is]=manual",
        "order_type[is]=manual&sort_by[desc]=updated_at",
        "order_type[is]=system_generated&created_at[after]={week_ago}",
    ),
    # What ships today, what was ordered or paid in a month.
    "times": (
        "created_at[between]={month}",
        "created_at[on]={day}&sort_by[desc]=created_at",
        "created_at[after]={week_ago}",
        "created_at[between]={month}&sort_by[desc]=updated_at",
        "created_at[after]={year_ago}&sort_by[asc]=updated_at",
        "shipping_date[on]={day}",
        "shipping_date[between]={month}",
        "shipping_date[after]={year_ago}",
        "shipping_date[after]={now}",
        "order_date[between]={month}",
        "shipped_at[between]={month}",
        "shipped_at[after]={week_ago}&sort_by[desc]=created_at",
        "paid_on[between]={month}",
        "paid_on[after]={later}",
        "created_at[between]={month}&updated_at[after]={year_ago}",
    ),
    # A caller who is restricted to a business entity.
    "entities": (
        f"{ENTITY}{COMMON_ENTITY} ",
        f"{ENTITY}{RARE_ENTITY} ",
        f"{ENTITY}{COMMON_ENTITY} sort_by[desc]=updated_at",
        f"{ENTITY}{RARE_ENTITY} sort_by[desc]=updated_at",
        f"{ENTITY}{COMMON_ENTITY} status[is]=queued",
        f"{ENTITY}{COMMON_ENTITY} updated_at[after]={{week_ago}}&include_deleted=true&sort_by[asc]=updated_at",
        f"{ENTITY}{COMMON_ENTITY} updated_at[between]={{month}}",
    ),
}

_MONTH = (END_S - 300 * DAY_S, END_S - 270 * DAY_S)
_WORDS = {
    "hour_ago": END_S - 3_600,
    "week_ago": END_S - 7 * DAY_S,
    "year_ago": END_S - 365 * DAY_S,
    "now": END_S,
    "later": END_S + 30 * DAY_S,
    "day": END_S - 100 * DAY_S,
    "month": list(_MONTH),
    "invoice": invoice_id(5000),
    "invoices": [invoice_id(number) for number in range(4000, 4100)],
    "large_invoice": LARGE_INVOICE,
    "subscription": subscription_id(321),
    "ids": [str(number) for number in range(8000, 8100)],
}


@dataclass(frozen=True, slots=True)
class LikelyPage:
    """A page. ``is_half_way`` starts it at the middle of its list."""

    name: str
    query: OrderQuery
    is_half_way: bool


def likely_pages() -> Iterator[LikelyPage]:
    """All of them, each with a name of its own."""
    for names in PAGES.values():
        for name in names:
            text = name.removeprefix(HALF_WAY)
            yield LikelyPage(name.strip() or "(no filter)", _query(text), is_half_way=text != name)


def _query(text: str) -> OrderQuery:
    entity = None
    if text.startswith(ENTITY):
        entity, _, text = text.removeprefix(ENTITY).partition(" ")
    pairs = [(name, value.format(**_WORDS)) for name, value in parse_qsl(text)]
    query = LIST_ORDERS.read([*pairs, ("limit", str(PAGE_LIMIT_MAX))], zone=ZoneInfo("UTC")).query
    if entity is None:
        return query
    return replace(query, filters=(*query.filters, Filter("business_entity_id", Operator.IS, (entity,))))


def query_strings() -> Iterator[str]:
    """Those that need nothing beside the query string: no offset, and no header that names a business entity."""
    for names in PAGES.values():
        for name in names:
            if not name.startswith((HALF_WAY, ENTITY)):
                yield name.format(**{word: _text(value) for word, value in _WORDS.items()})


def _text(value: object) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value)

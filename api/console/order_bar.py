"""The filter bar of orders: ``status:queued,on_hold -type:manual created:>2026-11-01``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from api.console.bar import Chip, Pair, Token, equal_pair, time_pair, tokens, unknown
from api.schemas.found_orders import FIND_ORDERS, LATEST_CHANGE_FIRST
from ledger.errors import ParamWrongValue
from projections.listing import Filter, Operator, OrderQuery, Sort
from projections.search.lookup import ACTOR, WORDS

_TEXTS = {"id": "id", "invoice": "invoice_id", "subscription": "subscription_id", "original": "original_order_id"}
_CHOICES = {"status": "status", "type": "order_type", "resent": "resent_status"}
_TIMES = {
    "created": "created_at",
    "changed": "updated_at",
    "ordered": "order_date",
    "shipping": "shipping_date",
    "shipped": "shipped_at",
    "paid": "paid_on",
}
# No parameters of one value each: words, which make one; actors, of which each must have changed the order; the sort.
_APART = frozenset({None, ACTOR, "sort"})
_SORTS = {"created": Sort("created_at"), "changed": Sort("updated_at")}

HELP: Mapping[str, str] = {
    "status:queued,on_hold": "one of these statuses; -status:… none of them",
    "invoice:inv_1": "of an invoice; subscription:, original: (the order that was resent)",
    "id:ord*": "ids that begin so",
    "fragile REF-7": "words without a qualifier: in ids, references, tracking, notes",
    "actor:shop-prod": "orders that this actor changed, the last 200 of them",
    "created:2026-11-01": "on a day; changed:, ordered:, shipping:, shipped:, paid:",
    "changed:>2026-11-01": "after a day; <2026-11-01 before; 2026-11-01..2026-11-15 between",
    "type:manual": "by kind; resent:fully_resent",
    "deleted:yes": "deleted ones too",
    "sort:-changed": "by creation or change, with - the latest first",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderBar:
    """What a bar says: a list call, and its qualifiers to be taken away."""

    query: OrderQuery = OrderQuery(sort=LATEST_CHANGE_FIRST)  # noqa: RUF009 (frozen)
    chips: tuple[Chip, ...] = ()


def read_order_bar(text: str, zone: ZoneInfo) -> OrderBar:
    """What the bar asks for; the latest changes first unless it says otherwise.

    Args:
        zone: of the site, for whole days.

    Raises:
        ParamWrongValue: a qualifier that there is not, or a value that it cannot have.
    """
    found = list(tokens(text))
    sort = LATEST_CHANGE_FIRST
    for token in found:
        if token.name == "sort":
            sort = _sort(token.value)
    pairs = [pair for token in found if token.name not in _APART for pair in _pairs(token, zone)]
    if words := " ".join(token.value for token in found if token.name is None):
        pairs.append((WORDS, words))
    query = FIND_ORDERS.read(pairs, zone=zone).query
    actors = (Filter(ACTOR, Operator.IS, (token.value,)) for token in found if token.name == ACTOR)
    query = replace(query, sort=sort, filters=(*query.filters, *actors))
    return OrderBar(query=query, chips=tuple(token.chip for token in found))


def _pairs(token: Token, zone: ZoneInfo) -> list[Pair]:
    name = token.name or ""
    if name in _TIMES:
        return [time_pair(_TIMES[name], token, zone)]
    if name in _CHOICES:
        return [equal_pair(_CHOICES[name], token)]
    if name in _TEXTS:
        if token.value.endswith("*"):
            return [(f"{_TEXTS[name]}[starts_with]", token.value.removesuffix("*"))]
        return [equal_pair(_TEXTS[name], token)]
    if name == "deleted":
        return [("include_deleted", "true" if token.value in {"yes", "true"} else "false")]
    raise unknown(token, [*_CHOICES, *_TEXTS, *_TIMES, "actor", "deleted", "sort"])


def _sort(value: str) -> Sort:
    known = _SORTS.get(value.removeprefix("-"))
    if known is None:
        raise ParamWrongValue(f"Orders can be sorted by: {', '.join(_SORTS)}, with - in front the latest first")
    return Sort(known.field, descending=value.startswith("-"))

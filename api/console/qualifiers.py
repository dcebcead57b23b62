"""The filter bar of orders: ``status:queued,on_hold -type:manual created:>2026-11-01`` becomes a list call.

A qualifier is translated to the parameter of the order list that means the same, and the list's own schema reads it,
so the console shows exactly what ``GET /orders`` answers. What is no qualifier is text to search for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from api.forms import Pairs
from api.schemas.listing import LIST_ORDERS
from api.typed_moments import day_named
from ledger.errors import ParamWrongValue
from ledger.limits import CONSOLE_QUERY_LENGTH_MAX, INTEGER_MAX
from projections.history.moments import AtTime
from projections.listing import OrderQuery, Sort
from projections.visible_text import visible

_TEXTS = {"id": "id", "invoice": "invoice_id", "subscription": "subscription_id", "original": "original_order_id"}
_CHOICES = {"status": "status", "type": "order_type", "resent": "resent_status"}
_TIMES = {
    "created": "created_at",
    "changed": "updated_at",
    "updated": "updated_at",
    "ordered": "order_date",
    "shipping": "shipping_date",
    "shipped": "shipped_at",
    "paid": "paid_on",
}
_SORTS = {"created": Sort("created_at"), "changed": Sort("updated_at")}
_SETS = frozenset({"id", "invoice_id", "status", "order_type", "resent_status"})

HELP: Mapping[str, str] = {
    "status:queued,on_hold": "one of these statuses; -status:… none of them",
    "invoice:inv_1": "of an invoice; subscription:, original: (order that was resent)",
    "id:ord*": "ids that begin so",
    "created:2026-11-01": "on a day; changed:, ordered:, shipping:, shipped:, paid:",
    "changed:>2026-11-01": "after a day; <2026-11-01 before; 2026-11-01..2026-11-15 between",
    "type:manual": "by kind; resent:fully_resent",
    "actor:shop-prod": "that this actor changed",
    "deleted:yes": "deleted ones too",
    "sort:-changed": "by creation or change, - the latest first",
}

_word = re.compile(r'(-?[a-z]+):("[^"]*"|\S+)|"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Chip:
    """A qualifier as it was typed, and the bar without it."""

    text: str
    without: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a filter bar says: a list call, and what lists cannot filter by."""

    query: OrderQuery
    actor: str | None = None
    words: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()


@dataclass(slots=True)
class _Read:
    pairs: Pairs = field(default_factory=list)
    sort: Sort = field(default_factory=lambda: Sort("updated_at", descending=True))
    actor: str | None = None
    words: list[str] = field(default_factory=list)


def read_bar(text: str, zone: ZoneInfo) -> Asked:
    """What the bar asks for; the latest changes first unless it says otherwise.

    Args:
        zone: of the site, for whole days.

    Raises:
        ParamWrongValue: a qualifier that there is not, or a value that it cannot have.
    """
    if len(text) > CONSOLE_QUERY_LENGTH_MAX:
        raise ParamWrongValue(f"The filter should not be longer than {CONSOLE_QUERY_LENGTH_MAX} characters")
    found = list(_word.finditer(text))
    read = _Read()
    for each in found:
        if each[1]:
            _qualify(read, each[1].removeprefix("-"), each[2].strip('"'), zone, is_not=each[1].startswith("-"))
        else:
            read.words.append(each[3] if each[3] is not None else each[4])
    query = LIST_ORDERS.read(read.pairs, zone=zone).query
    chips = tuple(Chip(each[0], _without(text, each)) for each in found)
    return Asked(
        query=_sorted(query, read.sort),
        actor=read.actor,
        words=tuple(word for word in read.words if word),
        chips=chips,
    )


def _sorted(query: OrderQuery, sort: Sort) -> OrderQuery:
    return OrderQuery(filters=query.filters, sort=sort, include_deleted=query.include_deleted)


def _without(text: str, found: "re.Match[str]") -> str:
    return " ".join((text[: found.start()] + text[found.end() :]).split())


def _qualify(read: _Read, name: str, value: str, zone: ZoneInfo, *, is_not: bool) -> None:
    if name in _TIMES:
        read.pairs += _times(_TIMES[name], value, zone)
    elif name in _TEXTS or name in _CHOICES:
        read.pairs.append(_equal(_TEXTS.get(name) or _CHOICES[name], value, is_not=is_not))
    elif name == "deleted":
        read.pairs.append(("include_deleted", "true" if value in {"yes", "true"} else "false"))
    elif name == "sort":
        read.sort = _sort(value)
    elif name == "actor":
        read.actor = value
    else:
        known = ", ".join([*_CHOICES, *_TEXTS, *_TIMES, "actor", "deleted", "sort"])
        raise ParamWrongValue(f"There is no qualifier {visible(name, 40)}: there are {known}")


def _equal(field_name: str, value: str, *, is_not: bool) -> tuple[str, str]:
    if value.endswith("*") and field_name not in _CHOICES.values():
        return f"{field_name}[starts_with]", value.removesuffix("*")
    if field_name in _SETS and "," in value:
        listed = ",".join(f'"{each}"' for each in value.replace('"', "").replace("\\", "").split(",") if each)
        return f"{field_name}[{'not_in' if is_not else 'in'}]", f"[{listed}]"
    return f"{field_name}[{'is_not' if is_not else 'is'}]", value


def _times(field_name: str, value: str, zone: ZoneInfo) -> Pairs:
    try:
        if value.startswith(">"):
            return [(f"{field_name}[after]", str(_range(value[1:], zone)[1]))]
        if value.startswith("<"):
            return [(f"{field_name}[before]", str(_range(value[1:], zone)[0]))]
        first, dots, last = value.partition("..")
        since, until = _range(first, zone)[0], _range(last if dots else first, zone)[1]
    except (ValueError, OverflowError):
        raise ParamWrongValue(
            f"{visible(value, 40)} is no time: it should be like 2026-11-22, >2026-11-22 or 2026-11-01..2026-11-22"
        ) from None
    return [(f"{field_name}[between]", f"[{since},{until}]")]


def _range(text: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first and last second of a day or an instant."""
    if "T" in text or ":" in text:
        moment = AtTime.instant(text)
        return moment.until_ms // 1000, moment.until_ms // 1000
    first, last = day_named(text, zone)
    if not 0 <= first <= last <= INTEGER_MAX:
        raise ValueError(text)
    return first, last


def _sort(value: str) -> Sort:
    known = _SORTS.get(value.removeprefix("-"))
    if known is None:
        raise ParamWrongValue(f"Orders can be sorted by: {', '.join(_SORTS)}, with - in front the latest first")
    return Sort(known.field, descending=value.startswith("-"))

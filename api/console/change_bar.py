"""The filter bar of the site's log: ``actor:shop-prod type:order.cancelled time:2026-11-22``."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.console.bar import Chip, Pair, Token, equal_pair, time_pair, tokens, unknown
from api.schemas.changes import LIST_CHANGES
from projections.changes.query import ChangeQuery

_EQUAL = {
    "actor": "actor",
    "source": "source",
    "type": "type",
    "order": "order_id",
    "invoice": "invoice_id",
    "request": "request_id",
    "cause": "causation_id",
    "correlation": "correlation_id",
}

HELP: Mapping[str, str] = {
    "actor:shop-prod": "what an actor did; -actor:… what others did",
    "source:api,system": "through which door",
    "type:order.cancelled": "by type of event",
    "order:1 invoice:inv_1 request:req_…": "about an order or invoice, or of a request",
    "cause:ev_…": "what an event led to; correlation:req_… all that began with a request",
    "time:2026-11-22": "on a day; >2026-11-22 after, <2026-11-22 before, 2026-11-01..2026-11-15 between",
    "position:>120": "behind a position of the log",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeBar:
    """What a bar says: filters of the log, and its qualifiers to be taken away again."""

    query: ChangeQuery = ChangeQuery()  # noqa: RUF009 (frozen)
    chips: tuple[Chip, ...] = ()
    pairs: tuple[Pair, ...] = ()


def read_change_bar(text: str, zone: ZoneInfo) -> ChangeBar:
    """What the bar asks of the log, the newest first.

    Raises:
        ParamWrongValue: a qualifier that there is not, or a value that it cannot have.
    """
    found = list(tokens(text))
    pairs = [_pair(token, zone) for token in found]
    return ChangeBar(
        query=LIST_CHANGES.read(pairs, zone=zone).query,
        chips=tuple(token.chip for token in found),
        pairs=tuple(pairs),
    )


def _pair(token: Token, zone: ZoneInfo) -> Pair:
    name = token.name
    if name is None:
        return "order_id[is]", token.value
    if name in _EQUAL:
        return equal_pair(_EQUAL[name], token)
    if name == "time":
        return time_pair("recorded_at", token, zone)
    if name == "position" and token.value[:1] in {">", "<"}:
        return f"position[{'after' if token.value.startswith('>') else 'before'}]", token.value[1:]
    raise unknown(token, [*_EQUAL, "time", "position (>120 or <120)"])

"""``order-ledger list``: orders as they are or as they were, with the filters of the API."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
import typer

from api.schemas.listing import LIST_ORDERS
from api.typed_moments import read_moment
from ledger.errors import ParamWrongValue
from ledger.limits import PAGE_LIMIT_MAX
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir
from ops.cli.order_text import time_text
from ops.cli.past import SitePast, look_back
from ops.cli.printing import print_json, print_table
from ops.cli.site_choice import MaybeSite
from ops.target import Target
from projections.history.moments import AtVersion
from projections.listing import OrderQuery
from projections.money_text import money_text
from projections.orders import OrderPage, OrderViews
from projections.past.cut import ListMoment
from projections.past.lists import PastLists
from projections.visible_text import visible

_SHOWN = 20


def list_orders(
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME|#POSITION",
            help="When: a time (RFC 3339, or a date, which means its end in the site's zone) or a position of the log.",
        ),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", "-f", metavar="FIELD[OPERATOR]=VALUE", help="As in the API; repeatable."),
    ] = None,
    sort: Annotated[str, typer.Option("--sort", help="created_at or updated_at.")] = "created_at",
    desc: Annotated[bool, typer.Option("--desc", help="The latest first.")] = False,
    include_deleted: Annotated[bool, typer.Option("--include-deleted", help="Deleted ones too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = _SHOWN,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List orders as they are, or exactly as they were at a moment; those that were deleted since are among them."""

    async def work(past: SitePast) -> list[dict[str, Any]]:
        pairs = [_pair(each) for each in filters or ()]
        pairs += [(f"sort_by[{'desc' if desc else 'asc'}]", sort), ("include_deleted", str(include_deleted).lower())]
        wanted = LIST_ORDERS.read(pairs, zone=past.zone).query
        moment = read_moment(at, past.zone)
        if isinstance(moment, AtVersion):
            raise ParamWrongValue("A list has no versions: name a time or a position, such as #120.")
        return await _documents(past, replace(wanted, limit=min(limit, PAGE_LIMIT_MAX)), moment, limit)

    found = look_back(Target(data_dir, database_url), site, work)
    if as_json:
        print_json(found)
    else:
        print_table(("order", "status", "invoice", "total", "created", "updated"), list(map(_row, found)))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name.partition("[")[0] in {"as_of", "offset", "limit", "sort_by", "include_deleted"}:
        raise ParamWrongValue(f"{visible(text, 80)} is no filter: it should be like status[is]=queued")
    if name not in _FILTERS:
        raise ParamWrongValue(f"{visible(name, 80)} is no filter of a list")
    return name, value


async def _documents(past: SitePast, wanted: OrderQuery, moment: ListMoment | None, limit: int) -> list[dict[str, Any]]:
    """The first orders of the list, read page by page."""
    found: list[bytes] = []
    while True:
        page = await _page(past, wanted, moment)
        found += page.documents
        if page.next_start is None or len(found) >= limit:
            return list(map(msgspec.json.decode, found[:limit]))
        wanted = replace(wanted, start=page.next_start)


async def _page(past: SitePast, wanted: OrderQuery, moment: ListMoment | None) -> OrderPage:
    if moment is None:
        return await OrderViews(past.pool).page(past.site, wanted)
    return await PastLists(past.pool).page(past.site, wanted, moment)


def _row(order: dict[str, Any]) -> Sequence[str]:
    total, currency = order.get("total"), order.get("currency_code")
    return (
        visible(order["id"]),
        order["status"] + (" (deleted)" if order["deleted"] else ""),
        visible(order["invoice_id"]),
        money_text(total, currency) if total is not None and currency else "",
        time_text(order["created_at"]),
        time_text(order["updated_at"]),
    )


_FILTERS = frozenset(parameter.name for parameter in LIST_ORDERS.parameters if "[" in parameter.name)

"""``order-ledger history``: what happened to an order, as a timeline."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from api.operations.refusals import in_order_of_time
from api.requests.document import request_document
from ledger.ids import Site
from ledger.limits import STREAM_EVENTS_MAX
from ledger.requests import KeptRequest
from ledger.vocabulary import EventSource
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out
from ops.cli.order_text import NOTHING, change_rows, time_text
from ops.cli.past import OrderIdArgument, SitePast, look_back
from ops.cli.printing import print_json
from ops.cli.requests import print_request, refusals_of
from ops.cli.site_choice import MaybeSite
from ops.target import Target
from projections.history.changes import Change, RequestDocument
from projections.history.event_types import OrderEventType
from projections.history.history_query import HistoryQuery
from projections.history.moments import instant_text
from projections.listing import Filter, Operator
from projections.visible_text import visible

_INDENT = 6


def history(
    order_id: OrderIdArgument,
    desc: Annotated[bool, typer.Option("--desc", help="The latest first.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="So many at most; all otherwise.", show_default=False)
    ] = STREAM_EVENTS_MAX,
    types: Annotated[list[OrderEventType] | None, typer.Option("--type", help="Only these; repeatable.")] = None,
    actors: Annotated[list[str] | None, typer.Option("--actor", help="Only by these; repeatable.")] = None,
    sources: Annotated[
        list[EventSource] | None, typer.Option("--source", help="Only through these doors; repeatable.")
    ] = None,
    with_requests: Annotated[
        bool, typer.Option("--with-requests", help="Show between them the requests that were refused.")
    ] = False,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Tell what happened to an order: when, what, who, through which door, and what it changed."""
    wanted = {"type": types, "actor": actors, "source": sources}
    filters = tuple(Filter(name, Operator.IN, tuple(values)) for name, values in wanted.items() if values)
    query = HistoryQuery(filters=filters, descending=desc, limit=limit)

    async def work(past: SitePast) -> tuple[Site, tuple[Change, ...]]:
        return past.site, (await past.history.page(past.site, order_id, query)).changes

    target = Target(data_dir, database_url)
    chosen, changes = look_back(target, site, work)
    refused = refusals_of(target, chosen, order_id) if with_requests else []
    entries = list(in_order_of_time(changes, refused, descending=desc))
    if as_json:
        print_json([_named(each) for each in entries] if with_requests else changes)
        return
    for each in entries:
        print_request(each) if isinstance(each, KeptRequest) else print_change(each)
    if not entries:
        out.print("Nothing of this happened to the order.")


def _named(each: Change | KeptRequest) -> dict[str, object]:
    return {"request": request_document(each)} if isinstance(each, KeptRequest) else {"change": each}


def print_change(change: Change) -> None:
    """What happened, under which circumstances, and what it changed."""
    out.print(
        Text.assemble(
            (f"{change.version:>{_INDENT - 2}}  ", "bold"),
            (instant_text(change.recorded_at_ms), "cyan"),
            "  ",
            (change.sentence, "bold"),
        )
    )
    for line in _circumstances(change):
        out.print(Text(" " * _INDENT + line, style="dim"))
    rows = list(change_rows(change.changes))
    width = max((len(path) for path, _, _ in rows), default=0)
    for path, before, after in rows:
        told = after if before == NOTHING else f"{before} → {after}"
        out.print(Text(f"{' ' * _INDENT}{path:<{width}}  {told}"))


def _circumstances(change: Change) -> Iterator[str]:
    """Who, through which door, with which request, and where in the log."""
    who = f"{visible(change.actor)} ({change.actor_kind.replace('_', ' ')}) through {change.source.replace('_', ' ')}"
    yield ", ".join([who, *_request(change.request)])
    yield f"{change.type}, position {change.position}, {change.event_id}, leaf {change.leaf}"
    if change.correlation_id != change.request.id or change.causation_id != change.request.id:
        yield f"correlation {visible(change.correlation_id)}, cause {visible(change.causation_id)}"
    if change.occurred_at is not None:
        yield f"happened at {time_text(change.occurred_at)}"


def _request(request: RequestDocument) -> Iterator[str]:
    if request.method and request.path:
        yield f"{request.method} {visible(request.path)}"
    yield f"request {visible(request.id)}"
    for label, text in (
        ("idempotency key", request.idempotency_key),
        ("for", request.origin_user),
        ("from", request.origin_ip),
        ("with", request.origin_device),
    ):
        if text:
            yield f"{label} {visible(text)}"

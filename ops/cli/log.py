"""``order-ledger log``: the changes of a site, one line each, and as they come."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Annotated

import asyncpg
import msgspec
import typer
from rich.text import Text

from ledger.consumer import catch_up
from ledger.errors import OperationFailed
from ledger.ids import Position, Site
from ledger.limits import INTEGER_MAX
from ledger.store import Store
from ledger.subscription import EventMissed
from ledger.vocabulary import EventSource
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out, run_with_pool
from ops.cli.pipes import quiet_when_nobody_reads
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.cli.times import seconds_between
from ops.target import Target
from projections.changes.document import ChangeOpener, LoggedChange
from projections.changes.event_types import EventType
from projections.changes.feed import ChangeFeed
from projections.changes.index import ChangeIndex
from projections.changes.query import ChangeQuery, change_conditions
from projections.changes.reader import ChangeLog
from projections.history.moments import instant_text
from projections.listing import Filter, Operator
from projections.visible_text import is_visible, visible

_LIMIT_MAX = 100_000
_PAGE = 100
_TICK_S = 1.0


def log(
    site: MaybeSite = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    orders: Annotated[list[str] | None, typer.Option("--order", help="Of these orders; repeatable.")] = None,
    invoices: Annotated[
        list[str] | None, typer.Option("--invoice", help="Of these invoices and their orders; repeatable.")
    ] = None,
    actors: Annotated[list[str] | None, typer.Option("--actor", help="By these; repeatable.")] = None,
    sources: Annotated[list[EventSource] | None, typer.Option("--source", help="Through these doors.")] = None,
    types: Annotated[
        list[EventType] | None, typer.Option("--type", help="Of these types; repeatable.", metavar="TYPE")
    ] = None,
    requests: Annotated[list[str] | None, typer.Option("--request", help="Of these requests; repeatable.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this time on, RFC 3339.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to this time, RFC 3339.", metavar="TIME")] = None,
    after: Annotated[
        int | None, typer.Option("--after", min=0, max=INTEGER_MAX, help="Behind this position of the log.")
    ] = None,
    before: Annotated[
        int | None, typer.Option("--before", min=0, max=INTEGER_MAX, help="Before this position of the log.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, max=_LIMIT_MAX, help="The latest so many.")] = 50,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Tell what happened on a site: position, time, actor, what happened, and to which order; the latest last.

    With --json each change is one line of JSON.
    """
    wanted = {
        "order_id": orders,
        "invoice_id": invoices,
        "actor": actors,
        "source": sources,
        "type": types,
        "request_id": requests,
    }
    filters = [Filter(name, Operator.IN, tuple(values)) for name, values in wanted.items() if values]
    filters += _bounds("position", Operator.AFTER, after) + _bounds("position", Operator.BEFORE, before)
    filters += seconds_between("recorded_at", since=since, until=until)
    if follow and (until is not None or before is not None):
        raise typer.BadParameter("what is to come has no end", param_hint="--until, --before")

    async def work(pool: asyncpg.Pool) -> None:
        changes = _changes(pool, await chosen_site(pool, site), tuple(filters), limit, follow=follow)
        async with contextlib.aclosing(changes):
            async for change in changes:
                _print(change, as_json=as_json)

    with quiet_when_nobody_reads(), contextlib.suppress(KeyboardInterrupt):
        run_with_pool(Target(data_dir, database_url), work)


async def _changes(
    pool: asyncpg.Pool, site: Site, filters: tuple[Filter, ...], limit: int, *, follow: bool
) -> AsyncGenerator[LoggedChange, None]:
    """The latest changes, and those that come."""
    # While nobody serves, nobody keeps the index up with the log.
    await catch_up(pool, ChangeIndex(), site)
    store, opener, log = Store(pool), ChangeOpener(Store(pool)), ChangeLog(pool)
    head = await store.head_position(site) or Position(0)
    for change in await _latest(log, opener, site, filters, limit, head):
        yield change
    if not follow:
        return
    feed = ChangeFeed(log, opener, store, site, conditions=change_conditions(filters), after=head)
    try:
        async with contextlib.aclosing(feed.batches(asyncio.Event(), tick_s=_TICK_S)) as batches:
            async for batch in batches:
                for change in batch.changes:
                    yield change
    except EventMissed as missed:
        raise OperationFailed(f"The log is not the one any more that was read: {missed}") from missed


async def _latest(
    log: ChangeLog, opener: ChangeOpener, site: Site, filters: tuple[Filter, ...], limit: int, head: Position
) -> list[LoggedChange]:
    """The latest changes up to a position, in their order."""
    up_to_head = Filter("position", Operator.BETWEEN, (0, head))
    query = ChangeQuery(filters=(*filters, up_to_head))
    found: list[LoggedChange] = []
    while len(found) < limit:
        page = await log.page(site, replace(query, limit=min(_PAGE, limit - len(found))))
        found += await opener.open(site, page.events)
        if page.next_start is None:
            break
        query = replace(query, start=page.next_start)
    return found[::-1]


def _print(change: LoggedChange, *, as_json: bool) -> None:
    if as_json:
        text = msgspec.json.encode(change).decode()
        print("".join(char if is_visible(char) else json.dumps(char)[1:-1] for char in text), flush=True)
        return
    out.print(
        Text.assemble(
            (f"{change.position:>8}", "bold"),
            "  ",
            (instant_text(change.recorded_at_ms), "cyan"),
            f"  {visible(change.actor)}",
            ("  " + change.sentence, "bold"),
            f"  order {visible(change.order_id)}" if change.order_id else "",
        )
    )


def _bounds(name: str, operator: Operator, value: int | None) -> list[Filter]:
    return [] if value is None else [Filter(name, operator, (value,))]

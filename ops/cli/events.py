"""``order-ledger events``: events as Chargebee shows them, each with the order as it was right after it."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from rich.text import Text

from ledger.consumer import catch_up
from ledger.ids import Site
from ledger.vocabulary import EventSource, WebhookStatus
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out, run_with_pool
from ops.cli.pipes import quiet_when_nobody_reads
from ops.cli.printing import moment, print_json
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.cli.times import seconds_between
from ops.target import Target
from projections.changes.index import ChangeIndex
from projections.chargebee_events.event_types import OrderEventType
from projections.chargebee_events.query import EventQuery
from projections.chargebee_events.reader import ChargebeeEvents
from projections.listing import Filter, Operator
from projections.visible_text import is_visible, visible

app = typer.Typer(help="See events as Chargebee shows them.", no_args_is_help=True)

_LIMIT_MAX = 100_000
_PAGE = 100


@app.command("list")
def list_events(
    site: MaybeSite = None,
    types: Annotated[
        list[OrderEventType] | None, typer.Option("--type", help="Of these types; repeatable.", metavar="TYPE")
    ] = None,
    sources: Annotated[
        list[EventSource] | None, typer.Option("--source", help="Through these doors.", metavar="SOURCE")
    ] = None,
    statuses: Annotated[
        list[WebhookStatus] | None,
        typer.Option("--status", help="With these webhook statuses, of the last 6 days.", metavar="STATUS"),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this time on, RFC 3339.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to this time, RFC 3339.", metavar="TIME")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_LIMIT_MAX, help="So many at most.")] = 50,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List events, the latest first: time, type, order, source, webhook status and id.

    With --json each event is one line of JSON.
    """
    wanted = {"event_type": types, "source": sources, "webhook_status": statuses}
    filters = [Filter(name, Operator.IN, _texts(values)) for name, values in wanted.items() if values]
    filters += seconds_between("occurred_at", since=since, until=until)

    async def work(pool: asyncpg.Pool) -> None:
        found = _latest(pool, await chosen_site(pool, site), EventQuery(filters=tuple(filters)), limit)
        async with aclosing(found):
            async for document in found:
                _print(document, as_json=as_json)

    with quiet_when_nobody_reads():
        run_with_pool(Target(data_dir, database_url), work)


@app.command()
def show(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the event.")],
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one event, however old it is, with the order as it was right after it."""

    async def work(pool: asyncpg.Pool) -> bytes:
        return await ChargebeeEvents(pool).find(await chosen_site(pool, site), event_id)

    event = msgspec.json.decode(run_with_pool(Target(data_dir, database_url), work))
    if as_json:
        print_json(event)
        return
    for name, value in event.items():
        if not isinstance(value, dict | list):
            shown = moment(value * 1000) if name == "occurred_at" else visible(str(value))
            out.print(Text.assemble((f"{name:<22} ", "cyan"), shown))
    for webhook in event.get("webhooks", ()):
        out.print(Text.assemble((f"{'webhook':<22} ", "cyan"), f"{webhook['id']}  {webhook['webhook_status']}"))
    print_json(event["content"])


async def _latest(pool: asyncpg.Pool, site: Site, query: EventQuery, limit: int) -> AsyncGenerator[bytes, None]:
    # While nobody serves, nobody keeps the index up with the log.
    await catch_up(pool, ChangeIndex(), site)
    reader, missing = ChargebeeEvents(pool), limit
    while missing:
        page = await reader.page(site, replace(query, limit=min(_PAGE, missing)))
        for document in page.documents:
            yield document
        missing -= len(page.documents)
        if page.next_start is None:
            return
        query = replace(query, start=page.next_start)


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _print(document: bytes, *, as_json: bool) -> None:
    if as_json:
        text = document.decode()
        print("".join(char if is_visible(char) else json.dumps(char)[1:-1] for char in text), flush=True)
        return
    event = msgspec.json.decode(document)
    out.print(
        Text.assemble(
            (moment(event["occurred_at"] * 1000), "cyan"),
            (f"  {event['event_type']:<22}", "bold"),
            f"  order {visible(event['content']['order']['id'])}",
            f"  {event['source']}",
            f"  {event['webhook_status']}",
            f"  {event['id']}",
        )
    )

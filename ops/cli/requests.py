"""``order-ledger requests``: what was asked and answered, refusals included. Not part of the proven record."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, TypeVar

import asyncpg
import typer
from rich.text import Text

from api.requests.document import request_document
from ledger.errors import ResourceNotFound
from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from ledger.requests import NO_SITE, Choice, KeptRequest, NotKept, RequestEvent, RequestQuery, Requests
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, err, out, run_with_pool
from ops.cli.printing import moment, print_json
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target
from projections.visible_text import visible

T = TypeVar("T")

app = typer.Typer(help="See what was asked and answered, refusals included.", invoke_without_command=True)

_LIMIT_MAX = 10_000
_INDENT = " " * 6


@app.callback()
def requests(
    context: typer.Context,
    site: MaybeSite = None,
    order: Annotated[
        str | None, typer.Option("--order", help="Only those about this order.", show_default=False)
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only those that were refused.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_LIMIT_MAX, help="So many at most.")] = 50,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List requests, the newest first: all that tried to change something, and reads that were refused."""
    if context.invoked_subcommand:
        return
    wanted = RequestQuery(
        refused=refused or None, order_id=Choice(wanted=None if order is None else (order,)), limit=limit
    )

    async def work(kept: Requests, site: Site) -> tuple[list[KeptRequest], NotKept, NotKept]:
        strangers = await kept.not_kept(NO_SITE, "unknown_caller")
        return await kept.page(site, wanted), await kept.not_kept(site), strangers

    found, missing, strangers = _ask(Target(data_dir, database_url), site, work)
    if as_json:
        listed = [request_document(each) for each in found]
        print_json({"list": listed, "dropped": missing.count, "unknown_callers": strangers.count})
        return
    for each in found:
        print_request(each)
    if not found:
        out.print("No such request is kept.")
    _print_missing(missing, strangers)


@app.command()
def show(
    request_id: Annotated[str, typer.Argument(metavar="ID", help="The x-request-id of an answer, or of a change.")],
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one request: what was asked, what was answered, and the events that it made."""

    async def work(kept: Requests, site: Site) -> tuple[KeptRequest, list[RequestEvent]]:
        found = await kept.find(site, request_id)
        if found is None:
            raise ResourceNotFound(f"No request {request_id} is kept of the site {site}.")
        return found, await kept.events_of(found)

    found, events = _ask(Target(data_dir, database_url), site, work)
    if as_json:
        print_json(request_document(found, events))
        return
    print_request(found)
    for line in _details(found, events):
        out.print(Text(_INDENT + line))


def refusals_of(target: Target, site: Site, order_id: str) -> list[KeptRequest]:
    """The refused requests of an order, the newest ones where there are very many."""

    async def work(kept: Requests, site: Site) -> list[KeptRequest]:
        return await kept.refused_of_order(site, order_id, 0, INTEGER_MAX)

    return _ask(target, site, work)


def _ask(target: Target, site: str | None, work: Callable[[Requests, Site], Awaitable[T]]) -> T:
    async def run(pool: asyncpg.Pool) -> T:
        return await work(Requests(pool), await chosen_site(pool, site))

    return run_with_pool(target, run)


def print_request(request: KeptRequest) -> None:
    """What was asked and answered, in a line, and why it was refused."""
    style = "red" if request.is_refused else "green"
    out.print(
        Text.assemble(
            (moment(request.at), "cyan"),
            "  ",
            (str(request.status), style),
            f"  {request.method} {visible(request.path)}",
            f"  by {visible(request.actor)}",
            ("  again, answered as the first time" if request.is_replayed else "", "dim"),
            (f"  {request.id}", "dim"),
        )
    )
    if request.is_refused:
        reason = visible(request.message or "no reason is known")
        out.print(Text(f"{_INDENT}refused: {reason} ({request.api_error_code or 'no code'})", style="red"))


def _details(request: KeptRequest, events: list[RequestEvent]) -> Iterator[str]:
    for label, text in (
        ("order", request.order_id),
        ("invoice", request.invoice_id),
        ("business entity", request.business_entity_id),
        ("idempotency key", request.idempotency_key),
        ("for", request.origin_user),
        ("from", request.origin_ip),
        ("with", request.origin_device),
    ):
        if text:
            yield f"{label} {visible(text)}"
    yield f"answered in {request.duration_us / 1000:.1f} ms, with a key that is {request.key_kind.replace('_', ' ')}"
    yield from _parameters(request)
    for event in events:
        yield f"made event {event.position}: {event.type}, version {event.version} of {visible(event.stream)}"
    if not events:
        yield "changed nothing"
    yield "This is kept for people; it is not part of the proven record."


def _parameters(request: KeptRequest) -> Iterator[str]:
    if request.parameter_count is None:
        yield "its parameters were not read"
        return
    for each in request.parameters:
        told = visible(each.value) if each.length is None else f"{each.value}, {each.length} characters"
        yield f"asked {visible(each.name)} = {told}"
    more = request.parameter_count - len(request.parameters)
    if more:
        yield f"and {more} more parameters"


def _print_missing(missing: NotKept, strangers: NotKept) -> None:
    """On standard error: a list that is piped stays a list."""
    if missing.count:
        told = (
            f"{missing.count} requests are missing, the last at {moment(missing.last_at)}: they could not be written."
        )
        err.print(told, markup=False)
    if strangers.count:
        told = f"{strangers.count} requests came without a known key, the last at {moment(strangers.last_at)}."
        err.print(told, markup=False)

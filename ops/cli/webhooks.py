"""``order-ledger webhooks``: where events are delivered to, what became of them, and delivering some again."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import asyncpg
import typer
from rich.text import Text

from ledger.consumer import catch_up
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.ids import Site, system_clock_ms
from ledger.parts import WebhookEndpoint
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out, run_with_pool
from ops.cli.printing import moment, print_json
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target
from projections.history.moments import read_instant_ms
from projections.visible_text import visible
from projections.webhooks.delivery_list import ShownDelivery, StatusCount
from projections.webhooks.endpoint_document import webhook_endpoint_document
from projections.webhooks.planner import DeliveryPlanner
from projections.webhooks.resending import Resending

T = TypeVar("T")

app = typer.Typer(help="See webhook endpoints and deliveries, and deliver again.", no_args_is_help=True)

_LIMIT_MAX = 100_000
_PREVIEWED_MAX = 20

EndpointId = Annotated[str | None, typer.Option("--endpoint", help="Only this endpoint.", metavar="ID")]


@app.command("list")
def list_webhooks(
    failed: Annotated[bool, typer.Option("--failed", help="List deliveries that failed or were not made.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=_LIMIT_MAX, help="So many deliveries at most.")] = 50,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List endpoints with how many deliveries of the last 90 days have which status."""

    async def work(resending: Resending) -> tuple[Sequence[WebhookEndpoint], list[StatusCount], list[ShownDelivery]]:
        troubled = await resending.troubled(limit=limit) if failed else []
        return await resending.endpoints(), await resending.counts(), troubled

    endpoints, counts, troubled = _ask(Target(data_dir, database_url), site, work)
    if as_json:
        shown = {"endpoints": [webhook_endpoint_document(each) for each in endpoints], "counts": counts}
        print_json(shown | ({"failed": troubled} if failed else {}))
    elif failed:
        _print_deliveries(troubled)
    else:
        _print_endpoints(endpoints, counts)


@app.command()
def resend(
    event_ids: Annotated[list[str] | None, typer.Argument(metavar="EVENT_ID...", show_default=False)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed or were not made; needs --since.")] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Of events from this time on, RFC 3339.", metavar="TIME")
    ] = None,
    endpoint: EndpointId = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Deliver events again: show which, and, once confirmed, let the service make the calls.

    Named events go to each endpoint that is enabled now. The bodies have the same event ids.
    """
    if bool(event_ids) == failed or failed != (since is not None):
        raise typer.BadParameter("name events, or give both --failed and --since")
    target = Target(data_dir, database_url)
    since_ms = _instant_ms(since) if since else 0

    async def find(resending: Resending) -> list[ShownDelivery]:
        called = {each.id for each in await resending.endpoints() if not each.disabled}
        if endpoint is not None and endpoint not in called:
            raise ResourceNotFound(f"There is no enabled endpoint {visible(endpoint)}.")
        if event_ids:
            return await resending.of_events(event_ids, system_clock_ms(), endpoint_id=endpoint)
        found = await resending.troubled(since_ms=since_ms, endpoint_id=endpoint, limit=_LIMIT_MAX)
        return [each for each in found if each.endpoint_id in called]

    found = _ask(target, site, find)
    _print_deliveries(found[:_PREVIEWED_MAX])
    if not found:
        return
    if len(found) > _PREVIEWED_MAX:
        print(f"and {len(found) - _PREVIEWED_MAX} more")
    if not yes:
        typer.confirm(f"Make {len(found)} deliveries again?", abort=True)
    made = _ask(target, site, lambda resending: resending.resend(found, system_clock_ms()))
    print(f"{made} of {len(found)} deliveries are due now; the service that runs makes them")


def _ask(target: Target, site: str | None, work: Callable[[Resending], Awaitable[T]]) -> T:
    async def run(pool: asyncpg.Pool) -> T:
        chosen: Site = await chosen_site(pool, site)
        # While nobody serves, nobody plans what is to be delivered.
        await catch_up(pool, DeliveryPlanner(), chosen)
        return await work(Resending(pool, chosen))

    return run_with_pool(target, run)


def _print_endpoints(endpoints: Sequence[WebhookEndpoint], counts: Sequence[StatusCount]) -> None:
    told: defaultdict[str, list[str]] = defaultdict(list)
    for count in counts:
        told[count.endpoint_id].append(f"{count.deliveries} {count.status}")
    for each in endpoints:
        out.print(Text(f"{each.id}  {visible(each.name)}  {visible(each.url)}  {_state(each)}"))
        out.print(Text(f"  deliveries: {', '.join(told.pop(each.id, [])) or 'none'}"))
    for endpoint_id, found in sorted(told.items()):
        out.print(Text(f"{endpoint_id}  deleted"))
        out.print(Text(f"  deliveries: {', '.join(found)}"))
    if not endpoints:
        print("there is no webhook endpoint")


def _state(endpoint: WebhookEndpoint) -> str:
    if endpoint.disabled:
        return "disabled"
    return "primary" if endpoint.primary_url else "enabled"


def _print_deliveries(deliveries: Sequence[ShownDelivery]) -> None:
    if not deliveries:
        print("there is no such delivery")
        return
    for each in deliveries:
        out.print(Text(_line(each)))


def _line(delivery: ShownDelivery) -> str:
    """Lines and no table: ids stay whole, to be copied."""
    told = [
        moment(delivery.recorded_at),
        f"{delivery.event_type:<22}",
        delivery.event_id,
        f"to {delivery.endpoint_id}",
        str(delivery.status),
    ]
    if delivery.attempts:
        told.append(f"after {delivery.attempts} calls")
    if delivery.failure_reason:
        told.append(visible(delivery.failure_reason))
    if delivery.due_at is not None:
        told.append(f"next at {moment(delivery.due_at)}")
    return "  ".join(told)


def _instant_ms(text: str) -> int:
    try:
        return read_instant_ms(text)
    except ValueError:
        raise ParamWrongValue(
            f"{visible(text, 80)} is no time: it should be like 2026-01-05T09:30:00Z", param="--since"
        ) from None

"""``order-ledger parked``: orders whose events cannot be read."""

from typing import Annotated

import asyncpg
import typer

from ledger.errors import ResourceNotFound
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, run_with_pool
from ops.cli.printing import moment, print_json, print_table
from ops.cli.rebuild import print_difference
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target
from projections.past.rebuild import VersionsRebuild
from projections.rebuild.comparison import RowDifference
from projections.rebuild.folding import ORDER_PREFIX
from projections.rebuild.parking import ParkedStream, parked
from projections.rebuild.rebuild import Listener, Rebuild, Report

app = typer.Typer(help="Orders whose events cannot be read.", no_args_is_help=True)

STILL_PARKED = 2


@app.callback()
def parked_orders() -> None:
    """Orders whose events cannot be read: a body was changed, or this version does not understand it.

    They keep the row that they have, and all others move on. `order-ledger rebuild` finds them.
    """


@app.command("list")
def list_parked(
    site: MaybeSite = None, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List what is parked, and why. Exit status 2 if there is any."""

    async def work(pool: asyncpg.Pool) -> list[ParkedStream]:
        return await parked(pool, await chosen_site(pool, site))

    found = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json(found)
    elif found:
        rows = [(each.stream, each.position, moment(each.parked_at), each.reason) for each in found]
        print_table(("stream", "event", "parked", "reason"), rows)
    else:
        print("nothing is parked")
    if found:
        raise typer.Exit(STILL_PARKED)


@app.command()
def retry(
    order: Annotated[str, typer.Argument(help="Id of the order.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Read an order again, show what would change in its row, and, once confirmed, take it back.

    What lists of the past know of it is built again, too.

    Exit status 2 if it still cannot be read.
    """
    target = Target(data_dir, database_url)
    report, found = run_with_pool(target, lambda pool: _read(pool, site, order, check=True))
    if report.broken:
        print(f"{order} still cannot be read. {report.broken[0].reason}")
        raise typer.Exit(STILL_PARKED)
    for each in found:
        print_difference(each)
    print("its row will be put right" if found else "its row is what its events say")
    if not yes:
        typer.confirm("Take the order back?", abort=True)
    run_with_pool(target, lambda pool: _read(pool, site, order, check=False))
    print(f"{order} is not parked any more")


async def _read(
    pool: asyncpg.Pool, named: str | None, order: str, *, check: bool
) -> tuple[Report, list[RowDifference]]:
    site = await chosen_site(pool, named)
    if not any(each.stream == ORDER_PREFIX + order for each in await parked(pool, site)):
        raise ResourceNotFound(f"The order {order} is not parked.")
    found: list[RowDifference] = []
    work = Rebuild(pool, site, check_only=check, listener=Listener(on_difference=found.append))
    report = await work.run_for(order)
    if not check and not report.broken:
        await VersionsRebuild(pool, site).run_for(order)
    return report, found

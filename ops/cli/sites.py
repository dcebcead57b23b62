"""``order-ledger sites``: make and list sites."""

import re
from typing import Annotated

import asyncpg
import typer

from ledger.ids import system_clock_ms
from ledger.limits import SITE_LENGTH_MAX
from ledger.sites import SiteRecord, Sites
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, err, run_with_pool
from ops.cli.printing import moment, print_json, print_table
from ops.target import Target

app = typer.Typer(help="Make and list sites.", no_args_is_help=True)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens, at most 50.")],
    live: Annotated[bool, typer.Option("--live", help="A live site: its ids carry no __test__.")] = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a site: a tenant with a log, a total order and keys of its own."""
    if not _NAME.fullmatch(name) or len(name) > SITE_LENGTH_MAX:
        raise typer.BadParameter(f"lower-case letters, digits and hyphens, at most {SITE_LENGTH_MAX}")

    async def work(pool: asyncpg.Pool) -> bool:
        return await Sites(pool).create_site(name, live=live, now_ms=system_clock_ms())

    if not run_with_pool(Target(data_dir, database_url), work):
        err.print(f"The site {name} exists already.", markup=False)
        raise typer.Exit(1)
    print(f"created {'live' if live else 'test'} site {name}")


@app.command("list")
def list_sites(data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """List sites with the length of their logs."""

    async def work(pool: asyncpg.Pool) -> list[SiteRecord]:
        return await Sites(pool).list_sites()

    records = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json(records)
        return
    print_table(
        ("SITE", "KIND", "EVENTS", "CREATED"),
        [(site.site, "live" if site.live else "test", site.position, moment(site.created_at)) for site in records],
    )

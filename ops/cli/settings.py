"""``order-ledger settings``: see and change what a site's owner decides. Each change is an event of the log."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer

from api.schemas.settings import read_settings
from ledger.appender import Appender
from ledger.envelope import EventMapper
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site
from ledger.reader import StreamReader
from ledger.settings import SiteSettings
from ledger.sites import Sites
from ledger.store import Store
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, SiteName, run_with_pool
from ops.cli.printing import print_json, print_table
from ops.operator import operator
from ops.target import Target
from projections.order_row import order_row

app = typer.Typer(help="See and change the settings of a site.", no_args_is_help=True)


@app.command()
def show(
    site: SiteName, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Show the settings in force."""
    _print(run_with_pool(Target(data_dir, database_url), lambda pool: _read(pool, site)), as_json=as_json)


@app.command("set")
def set_values(
    site: SiteName,
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Values are JSON, or plain text.")],
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Set some settings: order_number_prefix=ORDER order_number_start=1000 'resend_reasons=["Lost"]'."""
    _change(Target(data_dir, database_url), site, dict(map(_parsed, values)), as_json=as_json)


@app.command()
def load(
    site: SiteName,
    file: Annotated[str, typer.Argument(help="A JSON object of settings; - is standard input.")],
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Set the settings that a file names; the others stay."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    try:
        members = json.loads(text)
    except json.JSONDecodeError as error:
        raise ParamWrongValue(f"The file is not JSON: {error}") from error
    if not isinstance(members, dict):
        raise ParamWrongValue("The file should hold one JSON object of settings.")
    _change(Target(data_dir, database_url), site, members, as_json=as_json)


def _parsed(value: str) -> tuple[str, Any]:
    name, equals, text = value.partition("=")
    if not equals:
        raise typer.BadParameter(f"{value}: should be NAME=VALUE")
    try:
        return name, json.loads(text)
    except json.JSONDecodeError:
        return name, text


def _change(target: Target, site: str, members: dict[str, Any], *, as_json: bool) -> None:
    command = read_settings(members)

    async def work(pool: asyncpg.Pool) -> SiteSettings:
        live = await _is_live(pool, site)
        ids = IdSource()
        appender = Appender(pool)
        handler = CommandHandler(Store(pool), appender, row_of=order_row, ids=ids)
        await handler.handle(command, operator(Site(site), live=live, ids=ids))
        await appender.close()
        return await _read(pool, site)

    _print(run_with_pool(target, work), as_json=as_json)


async def _read(pool: asyncpg.Pool, site: str) -> SiteSettings:
    await _is_live(pool, site)
    return (await StreamReader(Store(pool), EventMapper(), Site(site)).settings()).state


async def _is_live(pool: asyncpg.Pool, site: str) -> bool:
    known = {record.site: record.live for record in await Sites(pool).list_sites()}
    if site not in known:
        raise ResourceNotFound(f"There is no site {site}.")
    return known[site]


def _print(settings: SiteSettings, *, as_json: bool) -> None:
    members = {name: getattr(settings, name) for name in SiteSettings.__struct_fields__}
    if as_json:
        print_json(members)
        return
    rows = [(name, msgspec.json.encode(value).decode()) for name, value in members.items()]
    print_table(("SETTING", "VALUE"), rows)

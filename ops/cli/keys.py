"""``order-ledger keys``: make, list and revoke API keys."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from ledger.ids import system_clock_ms
from ledger.limits import KEY_MEMORY_S, KEY_NAME_LENGTH_MAX
from ledger.sites import KeyKind, KeyRecord, Sites
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, SiteName, err, run_with_pool
from ops.cli.printing import moment, print_json, print_table
from ops.target import Target

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

KeyName = Annotated[str, typer.Option("--name", "-n", help="Name; it becomes created_by of what the key makes.")]


@app.command()
def create(
    site: SiteName,
    name: KeyName,
    read_only: Annotated[bool, typer.Option("--read-only", help="The key may GET and nothing else.")] = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a key and print it, alone, on standard output. It is shown this once; only its hash is kept."""
    if not 1 <= len(name) <= KEY_NAME_LENGTH_MAX or not name.isprintable():
        raise typer.BadParameter(f"1 to {KEY_NAME_LENGTH_MAX} printable characters", param_hint="--name")
    kind = KeyKind.READ_ONLY if read_only else KeyKind.FULL

    async def work(pool: asyncpg.Pool) -> str:
        return await Sites(pool).create_key(site, name, kind, system_clock_ms())

    print(run_with_pool(Target(data_dir, database_url), work))


@app.command("list")
def list_keys(
    site: Annotated[str | None, typer.Option("--site", "-s", help="Only the keys of this site.")] = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List keys by site, with the last characters of each; the keys themselves are not known."""

    async def work(pool: asyncpg.Pool) -> list[KeyRecord]:
        return await Sites(pool).list_keys(site)

    records = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json(records)
        return
    print_table(
        ("SITE", "NAME", "KIND", "ENDS WITH", "CREATED", "REVOKED"),
        [(key.site, key.name, key.kind, key.hint, moment(key.created_at), moment(key.revoked_at)) for key in records],
    )


@app.command()
def revoke(
    site: SiteName,
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the key, or its last four characters.")],
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke a key. When this returns, no server accepts it any more."""

    async def work(pool: asyncpg.Pool) -> list[KeyRecord]:
        revoked = await Sites(pool).revoke_key(site, name, system_clock_ms())
        if revoked:
            # Servers remember a key for this long.
            await asyncio.sleep(KEY_MEMORY_S)
        return revoked

    revoked = run_with_pool(Target(data_dir, database_url), work)
    if not revoked:
        err.print(f"The site {site} has no key {name} in use.", markup=False)
        raise typer.Exit(1)
    for key in revoked:
        print(f"revoked {key.name} (...{key.hint}) of {key.site}")

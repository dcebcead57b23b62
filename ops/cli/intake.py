"""``order-ledger intake``: credentials for Chargebee's webhooks, and what came in by them."""

import asyncio
import re
from typing import Annotated

import asyncpg
import msgspec
import typer

from ledger.ids import system_clock_ms
from ledger.intake import DeliveryCount, IntakeLog
from ledger.limits import KEY_MEMORY_S, KEY_NAME_LENGTH_MAX
from ledger.sites import KeyKind, KeyRecord, Sites
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, SiteName, err, run_with_pool
from ops.cli.printing import moment, print_json, print_table
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target

app = typer.Typer(help="Take in events from Chargebee's webhooks.", no_args_is_help=True)

# It is a user name of basic authentication, which has no colon.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

IntakeName = Annotated[str, typer.Option("--name", "-n", help="The user name; it is the actor of what comes in.")]


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """Who may send to a site, and what came."""

    site: str
    credentials: list[KeyRecord]
    deliveries: list[DeliveryCount]


@app.callback()
def intake() -> None:
    """Chargebee posts its events to /api/v2/intake/chargebee, with credentials that open nothing else."""


@app.command()
def create(
    site: SiteName,
    name: IntakeName = "chargebee",
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a user name and a password for Chargebee's console; the password alone is printed, this once."""
    if not _NAME.fullmatch(name) or len(name) > KEY_NAME_LENGTH_MAX:
        allowed = f"1 to {KEY_NAME_LENGTH_MAX} letters, digits, points, hyphens and underscores"
        raise typer.BadParameter(allowed, param_hint="--name")

    async def work(pool: asyncpg.Pool) -> str:
        return await Sites(pool).create_intake(site, name, system_clock_ms())

    print(run_with_pool(Target(data_dir, database_url), work))


@app.command("list")
def list_intake(
    site: MaybeSite = None, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """List the credentials of a site, and how many deliveries of each type came to what."""

    async def work(pool: asyncpg.Pool) -> Intake:
        chosen = await chosen_site(pool, site)
        keys = await Sites(pool).list_keys(chosen)
        return Intake(
            site=chosen,
            credentials=[key for key in keys if key.kind is KeyKind.INTAKE],
            deliveries=await IntakeLog(pool).counts(chosen),
        )

    found = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json(found)
        return
    print_table(
        ("USER NAME", "PASSWORD ENDS WITH", "CREATED", "REVOKED"),
        [(key.name, key.hint, moment(key.created_at), moment(key.revoked_at)) for key in found.credentials],
    )
    if not found.deliveries:
        print("nothing has come in")
        return
    print()
    print_table(
        ("EVENT TYPE", "OUTCOME", "COUNT", "LAST", "LAST REASON"),
        [
            (each.event_type or "(unreadable)", each.outcome, each.count, moment(each.last_at), each.last_reason or "")
            for each in found.deliveries
        ],
    )


@app.command()
def revoke(site: SiteName, name: IntakeName, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None) -> None:
    """Revoke credentials. When this returns, no server accepts them any more."""

    async def work(pool: asyncpg.Pool) -> list[KeyRecord]:
        sites = Sites(pool)
        known = await sites.list_keys(site)
        if not any(key.name == name and key.kind is KeyKind.INTAKE and key.revoked_at is None for key in known):
            return []
        revoked = await sites.revoke_key(site, name, system_clock_ms())
        # Servers remember credentials for this long.
        await asyncio.sleep(KEY_MEMORY_S)
        return revoked

    revoked = run_with_pool(Target(data_dir, database_url), work)
    if not revoked:
        err.print(f"The site {site} has no intake {name} in use.", markup=False)
        raise typer.Exit(1)
    for key in revoked:
        print(f"revoked {key.name} (...{key.hint}) of {key.site}")

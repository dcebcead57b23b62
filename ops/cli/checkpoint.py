"""``order-ledger checkpoint``: the signed heads of the logs, and the keys that sign them."""

from typing import Annotated

import asyncpg
import typer

from ledger.errors import ResourceNotFound
from ledger.ids import Site
from ledger.sites import Sites
from ledger.transparency.checkpoint_store import CheckpointStore, StoredAnchor, StoredCheckpoint
from ledger.transparency.signing_keys import LogKeys
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, KeysDir, SiteName, run_with_pool
from ops.cli.printing import print_json
from ops.cli.signing_again import new_log, resume
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target

app = typer.Typer(help="See checkpoints, and manage the keys that sign them.", no_args_is_help=True)
keys_app = typer.Typer(help="The keys that sign checkpoints.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.command()(resume)
app.command("new-log")(new_log)


@app.command()
def show(
    size: Annotated[int | None, typer.Option("--size", min=1, help="An older one.", show_default=False)] = None,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Print the last checkpoint of a log as it was signed, or an older one; with --json, where it is anchored."""

    async def work(pool: asyncpg.Pool) -> tuple[StoredCheckpoint, list[StoredAnchor]]:
        chosen = await chosen_site(pool, site)
        store = CheckpointStore(pool, chosen)
        found = await (store.latest() if size is None else store.of_size(size))
        if found is None:
            raise ResourceNotFound(f"The site {chosen} has no such checkpoint yet.")
        return found, await store.anchors()

    checkpoint, anchors = run_with_pool(Target(data_dir, database_url), work)
    if not as_json:
        print(checkpoint.note.decode(), end="")
        return
    signed = {"size": checkpoint.size, "signed_at": checkpoint.signed_at, "note": checkpoint.note.decode()}
    print_json(signed | {"anchors": anchors})


@keys_app.command("list")
def list_keys(site: SiteName, data_dir: DataDir = DATA_DIR, keys_dir: KeysDir = None, as_json: AsJson = False) -> None:
    """List all verifier keys that a log ever had, and for which sizes each is right."""
    keys = Target(data_dir, keys_dir=keys_dir).keys.keys(Site(site))
    if as_json:
        print_json(key_documents(keys))
        return
    # No table: a key that is wrapped cannot be copied.
    for key in keys.keys:
        until = "signs" if key.until_size is None else f"retired, right up to size {key.until_size}"
        print(f"{key.verifier}  above size {key.from_size}; {until}")


@keys_app.command()
def rotate(
    site: SiteName, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, keys_dir: KeysDir = None
) -> None:
    """Add a key that signs beside the old one. Publish it, give everybody time, then retire the old one."""
    target = Target(data_dir, database_url, keys_dir)
    size = run_with_pool(target, lambda pool: _size(pool, site))
    print(target.keys.rotate(Site(site), size))


@keys_app.command()
def retire(
    key_id: Annotated[str, typer.Argument(help="Id of the key: the eight hex digits in its verifier key.")],
    site: SiteName,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
) -> None:
    """Let a key sign no more and delete its private half. It stays published for what it has signed."""
    target = Target(data_dir, database_url, keys_dir)
    size = run_with_pool(target, lambda pool: _size(pool, site))
    key = target.keys.retire(Site(site), key_id, size)
    print(f"retired {key.verifier}: right for sizes above {key.from_size} up to {key.until_size}")


def key_documents(keys: LogKeys) -> list[dict[str, object]]:
    """Keys as plain data."""
    return [
        {"verifier_key": str(key.verifier), "from_size": key.from_size}
        | ({"until_size": key.until_size} if key.until_size is not None else {})
        for key in keys.keys
    ]


async def _size(pool: asyncpg.Pool, site: str) -> int:
    await _require_site(pool, site)
    latest = await CheckpointStore(pool, Site(site)).latest()
    return latest.size if latest else 0


async def _require_site(pool: asyncpg.Pool, site: str) -> None:
    if not await Sites(pool).site_exists(site):
        raise ResourceNotFound(f"There is no site {site}.")

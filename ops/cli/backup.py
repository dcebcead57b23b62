"""``order-ledger backup``."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.backup.backup import Backup, BackupRefused, take_backup
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, KeysDir, err, out, progress
from ops.cli.printing import moment, print_json
from ops.cli.step_bars import step_bars
from ops.database import reachable
from ops.target import Target


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder for the backup: a new one, or an empty one.")],
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Also the private halves of the keys that sign checkpoints: whoever has the backup can sign then.",
        ),
    ] = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
    as_json: AsJson = False,
) -> None:
    """Back up everything, as it is at one moment, also while the service runs.

    The folder then holds PostgreSQL's own dump of the database, what was signed and anchored, the published halves of
    the keys, and a manifest with a digest of each file and each table. The private halves are left out unless
    --with-keys is given: keep the folder with the keys apart. Put back with `order-ledger restore`.

    The backup holds what the database holds: orders with their addresses, and the passwords of webhook endpoints. Only
    its owner can read it; encrypt what leaves the machine.
    """
    target = Target(data_dir, database_url, keys_dir)
    if not database_url and not target.postgres_dir.is_dir():
        raise BackupRefused(f"There are no data in {data_dir}.")
    with reachable(target, report=progress) as address, step_bars() as on_progress:
        taken = asyncio.run(
            take_backup(address, target, folder.absolute(), with_keys=with_keys, on_progress=on_progress)
        )
    if as_json:
        print_json(_document(taken))
    else:
        _print(taken)


def _print(taken: Backup) -> None:
    manifest = taken.manifest
    out.print(f"backup of {moment(manifest.made_at)} in {taken.folder}", markup=False, style="green")
    for site in manifest.sites:
        out.print(f"  {site.site}: {site.head:,} events, root {site.root}", markup=False)
    rows = sum(table.rows for table in manifest.tables.values())
    out.print(f"  {len(manifest.tables)} tables, {rows:,} rows, {taken.size_bytes:,} bytes", markup=False)
    out.print(f"  signing keys: {_told_of_keys(taken)}", markup=False)
    out.print(f"  SHA-256 of the manifest: {taken.manifest_sha256}", markup=False)
    if not taken.has_keys:
        err.print(
            "There is no folder with keys here, so the restored logs can only be verified with --keys-dir.",
            markup=False,
            style="yellow",
        )


def _told_of_keys(taken: Backup) -> str:
    if taken.manifest.signing_keys:
        return "in the backup with their private halves: who has it can sign in the logs' name"
    if taken.has_keys:
        return "the published halves alone; keep a copy of the folder with the keys elsewhere"
    return "none"


def _document(taken: Backup) -> dict[str, Any]:
    manifest = taken.manifest
    return {
        "folder": str(taken.folder),
        "made_at": manifest.made_at,
        "schema": manifest.schema,
        "sites": manifest.sites,
        "tables": len(manifest.tables),
        "rows": sum(table.rows for table in manifest.tables.values()),
        "bytes": taken.size_bytes,
        "signing_keys": manifest.signing_keys,
        "manifest_sha256": taken.manifest_sha256,
    }

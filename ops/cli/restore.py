"""``order-ledger restore``."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ops.backup.manifest import read_manifest, require_intact
from ops.backup.progress import counted
from ops.backup.restore import Restored, restore
from ops.backup.restored_files import Keys
from ops.backup.staging import staged
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, KeysDir, err, out, progress
from ops.cli.printing import print_json
from ops.cli.step_bars import step_bars
from ops.cli.verify import verified_document, verified_lines
from ops.database import reachable
from ops.target import Target

FAULT = 2

_KEYS = {
    Keys.KEPT: "those that were in the folder already; what they remember of what was signed counts",
    Keys.HELD: "restored, and held back: `order-ledger checkpoint resume` or `checkpoint new-log` decides",
    Keys.PUBLISHED: "the published halves: copy the folder with the keys here before the service can sign",
    Keys.NONE: "none: nothing could be verified with signatures",
}


def restore_backup(
    folder: Annotated[Path, typer.Argument(help="Folder of the backup.", exists=True, file_okay=False)],
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Show that all is what was backed up, and sound.")
    ] = True,
    hold_webhooks: Annotated[
        bool, typer.Option("--hold-webhooks", help="Make none of the webhook deliveries that are due.")
    ] = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into an empty data folder, or into an empty database of your own.

    Its files are held against its manifest; then every restored table is compared with what it was at the moment of the
    backup, and every log and view is verified as by `order-ledger verify --full`. Restore only backups that you trust:
    what is in them is run by the database.

    What was signed after the backup is not in it. Keys that come out of the backup therefore sign nothing until you
    have decided (`order-ledger checkpoint resume`, `checkpoint new-log`); keys that are there already, in --keys-dir,
    remember what they signed.

    Exit status 0: restored, and sound as far as it was verified. 2: restored, and verification names a fault. 1: it is
    not restored.
    """
    folder = folder.absolute()
    manifest = read_manifest(folder)
    with staged(data_dir.absolute()) as staging, step_bars() as on_progress:
        on_file = counted(on_progress, "checking files", len(manifest.files))
        for name in require_intact(folder, manifest):
            on_file(name)
        target = Target(staging, database_url, keys_dir)
        with reachable(target, report=progress) as address:
            options: dict[str, Any] = {"verify": verify, "hold_webhooks": hold_webhooks, "on_progress": on_progress}
            restored = asyncio.run(restore(address, target, folder, manifest, **options))
    if as_json:
        print_json(_document(restored))
    else:
        _print(restored)
    if not verify:
        err.print("Nothing but the files of the backup was verified, as you asked.", markup=False, style="yellow")
    if any(each.audit.fault for each in restored.verified):
        raise typer.Exit(FAULT)


def _print(restored: Restored) -> None:
    manifest = restored.manifest
    out.print(f"restored the backup of {manifest.moment}", markup=False, style="green")
    if restored.tables:
        out.print(f"  {restored.tables} tables are byte for byte what was backed up", markup=False)
    out.print(f"  signing keys: {_KEYS[restored.keys]}", markup=False)
    for line in _webhook_lines(restored):
        out.print(f"  {line}", markup=False)
    for each in restored.verified:
        for text, style in verified_lines(each):
            out.print(text, markup=False, style=style)


def _webhook_lines(restored: Restored) -> Iterator[str]:
    for each in restored.due:
        deliveries = f"{each.deliveries:,} webhook {'delivery' if each.deliveries == 1 else 'deliveries'}"
        what = (
            "held back; `order-ledger webhooks resend --failed` makes them"
            if restored.is_held
            else "due, and made once the service runs: some may have been made since the backup"
        )
        yield f"{each.site}: {deliveries} to {each.endpoint_id}: {what}"


def _document(restored: Restored) -> dict[str, Any]:
    return {
        "made_at": restored.manifest.made_at,
        "signing_keys": restored.keys,
        "tables_compared": restored.tables,
        "webhooks_held": restored.is_held,
        "webhooks_due": [msgspec.to_builtins(each) for each in restored.due],
        "verified": [verified_document(each) for each in restored.verified],
    }

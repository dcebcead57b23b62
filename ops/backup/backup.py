"""Takes a backup: one moment of the database, while the service goes on, and what stands beside the database.

What was signed and anchored is copied before the moment, so that the backup knows of nothing that its database lacks: a
checkpoint is signed after its events were committed. The keys are copied afterwards, so that none is missing.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from shutil import copyfileobj, rmtree

import asyncpg

from ledger.errors import OperationFailed
from ledger.ids import system_clock_ms
from ledger.transparency.durable_files import FOLDER_MODE, make_folder, sync_folder
from ledger.transparency.key_copies import copy_keys, copy_memory, has_private_halves
from ops.backup import manifest as of_backup
from ops.backup.heads import site_states
from ops.backup.manifest import FileDigest, Manifest, SiteState, TableDigest, Versions, digest_of, write_manifest
from ops.backup.programs import dump
from ops.backup.progress import OnProgress, counted, say_nothing
from ops.backup.sql import query
from ops.backup.table_digests import digests
from ops.backup.tools import Tools, login_of, tools_for
from ops.database import Address, as_owner
from ops.target import Target


class BackupRefused(OperationFailed):
    """There is nothing to be backed up, or no place for it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was taken. ``manifest_sha256`` tells later whether the manifest is the one that was written."""

    folder: Path
    manifest: Manifest
    manifest_sha256: str
    has_keys: bool

    @property
    def size_bytes(self) -> int:
        """Of all its files but the manifest."""
        return sum(file.bytes for file in self.manifest.files.values())


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the database was at the moment of the backup."""

    made_at: int
    server_version: str
    migrations: dict[str, str]
    sites: list[SiteState]
    tables: dict[str, TableDigest]


async def take_backup(
    address: Address, target: Target, folder: Path, *, with_keys: bool, on_progress: OnProgress = say_nothing
) -> Backup:
    """Back up into a folder that is not there yet or empty; it is removed again where that fails.

    Args:
        with_keys: the private halves of the signing keys too: who has the backup can then sign in the logs' name.

    Raises:
        BackupRefused: the folder has something in it, or the database has no ledger.
        ToolFailed, ToolsTooOld: pg_dump did not do it.
        TileMissing: the tree of a log is damaged: `order-ledger verify` tells more.
    """
    with _new_folder(folder):
        return await _taken(address, target, folder, with_keys=with_keys, on_progress=on_progress)


async def _taken(address: Address, target: Target, folder: Path, *, with_keys: bool, on_progress: OnProgress) -> Backup:
    await asyncio.to_thread(_copy_anchors, target.anchors.folder, folder / of_backup.ANCHORS)
    await asyncio.to_thread(copy_memory, target.keys.path, folder / of_backup.KEYS)
    async with as_owner(address) as connection, _snapshot(connection) as snapshot:
        tools = tools_for(address, connection.get_server_version().major)
        on_part = counted(on_progress, "dumping tables")
        dumping = asyncio.create_task(dump(tools, login_of(address), snapshot, folder / of_backup.DATABASE, on_part))
        try:
            moment = await _moment(connection, on_progress)
            await dumping
        finally:
            dumping.cancel()
            await asyncio.gather(dumping, return_exceptions=True)
    await asyncio.to_thread(copy_keys, target.keys.path, folder / of_backup.KEYS, private=with_keys)
    files = await asyncio.to_thread(_synced_files, folder)
    manifest = _manifest(moment, tools, files, signing_keys=has_private_halves(folder / of_backup.KEYS))
    digest = await asyncio.to_thread(write_manifest, folder, manifest)
    return Backup(folder, manifest, digest, has_keys=(folder / of_backup.KEYS).is_dir())


@contextlib.asynccontextmanager
async def _snapshot(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """One moment of the database, for the connection and for whoever knows the name of it."""
    await connection.execute(query("no_timeouts"))
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if await connection.fetchval("SELECT to_regclass('ledger_migration.applied')") is None:
            raise BackupRefused("There is no ledger in this database yet.")
        yield await connection.fetchval("SELECT pg_export_snapshot()")


async def _moment(connection: asyncpg.Connection, on_progress: OnProgress) -> _Moment:
    made_at = system_clock_ms()
    applied = await connection.fetch(query("applied"))
    sites = await site_states(connection)
    tables = await digests(connection, on_progress)
    return _Moment(
        made_at,
        await connection.fetchval("SHOW server_version"),
        {row["name"]: row["digest"] for row in applied},
        sites,
        tables,
    )


def _manifest(moment: _Moment, tools: Tools, files: dict[str, FileDigest], *, signing_keys: bool) -> Manifest:
    return Manifest(
        format=of_backup.FORMAT,
        made_at=moment.made_at,
        versions=Versions(
            order_ledger=installed_version("order-ledger"), postgresql=moment.server_version, pg_dump=tools.version
        ),
        migrations=moment.migrations,
        signing_keys=signing_keys,
        sites=moment.sites,
        tables=moment.tables,
        files=files,
    )


@contextlib.contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """A folder for its owner alone, and what comes into it; removed again where the block fails."""
    is_new = not folder.exists()
    if not is_new and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is there already and not empty: a backup is a folder of its own.")
    make_folder(folder)
    folder.chmod(FOLDER_MODE)
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            rmtree(path) if path.is_dir() else path.unlink()
        if is_new:
            folder.rmdir()
        raise


def _copy_anchors(source: Path, folder: Path) -> None:
    """As far as each file goes now. It only grows, so what is copied of it stays true."""
    if not source.is_dir():
        return
    make_folder(folder)
    for path in sorted(source.glob("*.jsonl")):
        with path.open("rb") as anchors, (folder / path.name).open("wb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            copyfileobj(anchors, copy)


def _synced_files(folder: Path) -> dict[str, FileDigest]:
    """Digests of all files by their path in the folder, once they are on the disk."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
        found[str(path.relative_to(folder))] = digest_of(path)
    sync_folder(folder)
    return found

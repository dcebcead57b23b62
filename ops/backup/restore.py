"""Restores a backup into an empty database, and shows that what is there then is what was backed up.

Each restored table is compared with the digest that was taken at the moment of the backup; then all of each log is
verified from its stored bytes, with every view. A fault that verification finds was in the backup already, or is that
more was signed since: it is told, and what was restored stays.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from ledger.errors import OperationFailed
from ops.backup.held_deliveries import DueDeliveries, due_deliveries, hold_deliveries
from ops.backup.manifest import DATABASE, Manifest, SiteState
from ops.backup.programs import count_parts, load
from ops.backup.progress import OnProgress, counted, say_nothing
from ops.backup.restored_files import Keys, put_back_files
from ops.backup.sql import query
from ops.backup.staging import NotEmpty
from ops.backup.table_digests import digests
from ops.backup.tools import login_of, major_of, tools_for
from ops.database import Address, as_owner, bring_up_to_date, ensure_database, service_pool
from ops.target import Target
from ops.verification import Verified, verify_site


class RestoreDiffers(OperationFailed):
    """What was restored is not what was backed up."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to.

    ``tables`` were found to be what was backed up; ``verified`` is empty where there was nothing to verify with;
    ``due`` are webhook deliveries, which ``is_held`` says will not be made.
    """

    manifest: Manifest
    keys: Keys
    tables: int
    due: list[DueDeliveries]
    is_held: bool
    verified: list[Verified] = field(default_factory=list)


async def restore(
    address: Address,
    target: Target,
    folder: Path,
    manifest: Manifest,
    *,
    verify: bool = True,
    hold_webhooks: bool = False,
    on_progress: OnProgress = say_nothing,
) -> Restored:
    """Restore a backup whose files are intact.

    Args:
        target: where keys and anchors go; its data folder is empty.
        verify: compare all tables with the manifest, and verify all logs and views.
        hold_webhooks: make none of the deliveries that are due.

    Raises:
        NotEmpty: there is a ledger in the database.
        ToolFailed, ToolsTooOld: PostgreSQL's programs did not do it.
        RestoreDiffers: a table or a log is not what was backed up.
    """
    await ensure_database(address)
    async with as_owner(address) as connection:
        await _load(connection, address, folder / DATABASE, manifest, on_progress)
        tables = await _compared_tables(connection, manifest, on_progress) if verify else 0
    await bring_up_to_date(address)
    keys = await asyncio.to_thread(put_back_files, folder, manifest, target)
    async with service_pool(address) as pool:
        verified = []
        if verify and keys is not Keys.NONE:
            verified = [await _verified(pool, address, target, site, on_progress) for site in manifest.sites]
        due = await due_deliveries(pool)
        if hold_webhooks:
            await hold_deliveries(pool)
    return Restored(manifest, keys, tables, due, is_held=hold_webhooks, verified=verified)


async def _load(
    connection: asyncpg.Connection, address: Address, dumped: Path, manifest: Manifest, on_progress: OnProgress
) -> None:
    await connection.execute(query("no_timeouts"))
    if await connection.fetchval(query("has_ledger")):
        raise NotEmpty("There is a ledger in this database already: a backup is restored into an empty one.")
    tools = tools_for(address, max(connection.get_server_version().major, major_of(manifest.versions.pg_dump)))
    await connection.execute(query("service_role"))
    on_part = counted(on_progress, "restoring", await count_parts(tools, dumped))
    await load(tools, login_of(address), dumped, on_part)
    # Until autovacuum comes by, the planner would know nothing of what is there.
    await connection.execute("ANALYZE")


async def _compared_tables(connection: asyncpg.Connection, manifest: Manifest, on_progress: OnProgress) -> int:
    """How many tables are what was backed up: all."""
    found = await digests(connection, on_progress)
    for name, expected in manifest.tables.items():
        if found.pop(name, None) != expected:
            raise RestoreDiffers(f"The restored table {name} is not what was backed up.")
    if found:
        raise RestoreDiffers(f"The restored table {min(found)} was not in the backup.")
    return len(manifest.tables)


async def _verified(
    pool: asyncpg.Pool, address: Address, target: Target, site: SiteState, on_progress: OnProgress
) -> Verified:
    def show(position: int, head: int) -> None:
        on_progress(f"verifying {site.site}", position, head, "")

    verified = await verify_site(pool, site.site, target, full=True, address=address, on_progress=show)
    log = verified.audit.log
    if verified.audit.fault is None and (log.size, log.root.hex()) != (site.head, site.root):
        raise RestoreDiffers(
            f"The restored log of {site.site} has {log.size} events and the root {log.root.hex()}; "
            f"backed up were {site.head} and {site.root}."
        )
    return verified

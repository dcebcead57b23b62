"""The operator's two ways to have logs signed again after an older state was restored (docs/decisions/0010).

Either nothing was signed after the backup: then the keys sign on. Or something was: then that log has ended, since a
log that signed two histories has proven nothing, and another one begins under another name with the same events.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.sites import Sites
from ledger.transparency.durable_files import locked, make_folder, sync_folder
from ledger.transparency.signing_hold import held_because, release
from ledger.transparency.signing_keys import require_operator_name
from ops.backup.sql import query
from ops.database import Address, as_owner
from ops.target import Target

_LOCK = ".lock"
_ENDED = "ended-"


class SigningUndecided(OperationFailed):
    """The logs cannot be signed again in this way."""


async def resume(pool: asyncpg.Pool, target: Target) -> None:
    """Let keys that came out of a backup sign again.

    Raises:
        SigningUndecided: they are not held back, or more was signed than the database has.
    """
    if held_because(target.keys.path) is None:
        raise SigningUndecided(f"The keys in {target.keys.path} are not held back.")
    for record in await Sites(pool).list_sites():
        site = Site(record.site)
        anchor = target.anchors.last(site)
        signed = max(target.keys.signed_size(site), anchor.size if anchor else 0)
        if signed > record.position:
            raise SigningUndecided(
                f"The log of {site} has {record.position} events here, and {signed} were signed. Go back to the later "
                "database, or begin another log with `order-ledger checkpoint new-log`."
            )
    release(target.keys.path)


async def begin_new_log(address: Address, target: Target, operator: str) -> Path:
    """End all logs of a database, and let others begin under another name with the same events.

    Keys and anchors of the ended logs are put aside in their folders; checkpoints are forgotten. Once a service runs,
    it makes new keys and signs each whole log with them.

    Args:
        operator: the name that the new logs' origins begin with.

    Returns:
        The folder with the keys of the ended logs.

    Raises:
        SigningUndecided: the name is that of the ended logs.
        SigningKeysUnusable: it cannot be a name.
    """
    keys = target.keys.path
    if (keys / "operator").exists() and (keys / "operator").read_text(encoding="utf-8").strip() == operator:
        raise SigningUndecided(f"{operator} is the name of the logs that end: another log needs another name.")
    require_operator_name(operator)
    aside = f"{_ENDED}{datetime.now(UTC):%Y%m%dT%H%M%S}Z"
    async with as_owner(address) as connection, connection.transaction():
        # From here on no checkpointer of a running service gets further, until all is in place.
        await connection.execute(query("forget_signed"))
        await asyncio.to_thread(_put_aside, keys, aside)
        await asyncio.to_thread(_put_aside, target.anchors.folder, aside)
        await asyncio.to_thread(target.keys.prepare, operator, new_name=lambda: operator)
    return keys / aside


def _put_aside(folder: Path, name: str) -> None:
    make_folder(folder)
    make_folder(folder / name)
    with locked(folder):
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name != _LOCK:
                path.rename(folder / name / path.name)
        sync_folder(folder / name)
        sync_folder(folder)

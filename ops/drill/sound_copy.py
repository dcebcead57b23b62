"""What every tampering begins with: a copy of the site in which all is as it should be, signed and anchored."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ledger.consumer import catch_up
from ledger.ids import Site
from ledger.transparency.anchors import Anchoring, FilePlace
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ops.database import Address, as_owner, service_pool
from ops.drill.scratch import ScratchServer
from ops.drill.source import COLUMNS, Copied, DrillImpossible, Stages
from ops.target import Target
from projections.changes.index import ChangeIndex
from projections.past.consumer import OrderVersions
from projections.rebuild.rebuild import Rebuild

OPERATOR = "order-ledger-drill"

_SITE = "INSERT INTO ledger.site (site, live, created_at) VALUES ($1, $2, 0)"
_HEAD = """
INSERT INTO ledger.head (site, position) VALUES ($1, $2)
ON CONFLICT (site) DO UPDATE SET position = excluded.position
"""


@dataclass(frozen=True, slots=True)
class SoundCopy:
    """The copy. ``backup`` is the database as it was when the log had ``stages.backup`` events."""

    site: Site
    stages: Stages
    address: Address
    backup: Address
    target: Target


async def make_sound_copy(server: ScratchServer, copied: Copied, folder: Path) -> SoundCopy:
    """Fill the base of the server with what was copied, and take the backup on the way.

    Raises:
        DrillImpossible: the events cannot be read.
    """
    target = Target(folder)
    target.keys.prepare(OPERATOR, new_name=lambda: OPERATOR)
    async with as_owner(server.base) as owner:
        await owner.execute(_SITE, copied.site, copied.live)
    backup = server.base
    for size, file in zip(copied.stages.sizes, copied.files, strict=True):
        await _load(server.base, copied.site, size, file)
        is_anchored = size <= copied.stages.anchored
        await _sign(server.base, copied.site, target, is_anchored=is_anchored)
        if size == copied.stages.backup:
            backup = await server.copy(server.base, "backup")
    return SoundCopy(copied.site, copied.stages, server.base, backup, target)


async def sign(pool: asyncpg.Pool, site: Site, target: Target) -> None:
    """Sign a log as the service does, with the keys of a target."""
    await catch_up(pool, Checkpointer(target.keys, ForkGuard(target.keys, target.anchors), pause_s=0), site)


async def _load(address: Address, site: Site, size: int, file: Path) -> None:
    async with as_owner(address) as owner:
        await owner.copy_to_table("event", schema_name="ledger", columns=COLUMNS, source=file, format="binary")
        await owner.execute(_HEAD, site, size)
    await asyncio.to_thread(file.unlink)


async def _sign(address: Address, site: Site, target: Target, *, is_anchored: bool) -> None:
    async with service_pool(address) as pool:
        rebuilt = await Rebuild(pool, site).run()
        if rebuilt.broken:
            reason = rebuilt.broken[0].reason
            raise DrillImpossible(
                f"The site {site} cannot be read as it is: {reason} See `order-ledger verify --full`."
            )
        for consumer in (ChangeIndex(), OrderVersions()):
            await catch_up(pool, consumer, site)
        await sign(pool, site, target)
        if is_anchored:
            await Anchoring(pool, []).round(FilePlace(target.anchors))

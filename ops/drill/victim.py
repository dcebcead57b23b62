"""A copy that is about to be tampered with, through the eyes and with the rights of who does it."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from ledger.ids import Site
from ops.database import Address, service_pool
from ops.drill.forgery import Forged, Stored
from ops.drill.sound_copy import SoundCopy, sign
from ops.drill.source import DrillImpossible, Stages
from ops.target import Target

_FIRST_CHECKPOINT = "SELECT min(size) FROM ledger.checkpoint WHERE site = $1 AND size >= $2"
_EVENTS = "SELECT position, stream, body FROM ledger.event WHERE site = $1 AND position >= $2 ORDER BY position"
_REPLACE = """
UPDATE ledger.event SET body = forged.body, leaf = forged.leaf
FROM unnest($2::bigint[], $3::bytea[], $4::bytea[]) AS forged (position, body, leaf)
WHERE event.site = $1 AND event.position = forged.position
"""
# In two steps, since each position is there once at every moment.
_AWAY = "UPDATE ledger.event SET position = position + 1000000000 WHERE site = $1 AND position >= $2"
_BACK = "UPDATE ledger.event SET position = position - 1000000000 + $2 WHERE site = $1 AND position > 1000000000"
_FORGET_PROOFS = (
    "DELETE FROM ledger.anchor WHERE site = $1",
    "DELETE FROM ledger.checkpoint WHERE site = $1",
    "DELETE FROM ledger.tile WHERE site = $1",
    "DELETE FROM ledger.consumer WHERE site = $1 AND name = 'checkpointer'",
)


class NotPossible(DrillImpossible):
    """The site has nothing that could be tampered with in this way."""


@dataclass(frozen=True, slots=True)
class Victim:
    """The copy. ``owner`` is a connection with the rights of the database's owner; ``target`` has keys and anchors."""

    copy: SoundCopy
    address: Address
    owner: asyncpg.Connection
    target: Target

    @property
    def site(self) -> Site:
        """The site."""
        return self.copy.site

    @property
    def stages(self) -> Stages:
        """At which sizes the log was signed and anchored."""
        return self.copy.stages

    @property
    def place(self) -> int:
        """A position within what is signed and anchored."""
        return self.stages.backup // 2

    async def found(self, query: str, what: str, *arguments: object) -> asyncpg.Record:
        """The first row of a query about the site; ``NotPossible`` names what is not there."""
        row = await self.owner.fetchrow(query, self.site, *arguments)
        if row is None:
            raise NotPossible(f"The site has no {what}.")
        return row

    async def change(self, statement: str, *arguments: object) -> None:
        """Execute a statement whose first argument is the site."""
        await self.owner.execute(statement, self.site, *arguments)

    async def first_checkpoint(self, position: int) -> int:
        """The size of the first checkpoint that covers an event."""
        size: int = await self.owner.fetchval(_FIRST_CHECKPOINT, self.site, position)
        return size

    def first_anchor(self, position: int) -> int:
        """The size of the first anchor that covers an event."""
        return next(size for size in self.stages.sizes if size >= position)

    @property
    def anchor_source(self) -> str:
        """How faults name the anchors."""
        return f"anchor in {self.target.anchors.path_of(self.site)}"

    async def events(self, first: int) -> list[Stored]:
        """The events from a position on."""
        return [Stored(*row) for row in await self.owner.fetch(_EVENTS, self.site, first)]

    async def put(self, forged: Iterable[Forged]) -> None:
        """Put forged events in the place of real ones."""
        listed = list(forged)
        columns = [[each.position for each in listed], [each.body for each in listed], [each.leaf for each in listed]]
        await self.change(_REPLACE, *columns)

    async def move(self, first: int, by: int) -> None:
        """Move all events from a position on up or down by one, and the head with them."""
        async with self.owner.transaction():
            await self.change(_AWAY, first)
            await self.change(_BACK, by)
            await self.change("UPDATE ledger.head SET position = position + $2 WHERE site = $1", by)

    async def sign_again(self, thief: Target) -> None:
        """Forget all proofs of what the log was, and sign what it is now."""
        for statement in _FORGET_PROOFS:
            await self.change(statement)
        async with service_pool(self.address) as pool:
            await sign(pool, self.site, thief)

    def stolen_keys(self) -> Target:
        """A copy of the keys, without what is remembered beside them."""
        thief = Target(self.target.data_dir / "thief")
        shutil.copytree(self.target.keys.path, thief.keys.path)
        (thief.keys.path / f"{self.site}.signed").unlink()
        return thief

    def remember_instead(self, thief: Target) -> None:
        """Let the memory beside the keys say what the thief has signed."""
        name = f"{self.site}.signed"
        shutil.copy(thief.keys.path / name, self.target.keys.path / name)

"""The checkpoints of a site that were signed, as the database has them, and which place outside was handed which."""

from typing import Any

import msgspec

from ledger.ids import Site
from ledger.merkle.checkpoint import Checkpoint, parse_checkpoint
from ledger.merkle.note import parse_note
from ledger.sql import query


class StoredCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A signed note. ``signed_at`` in milliseconds since 1970."""

    size: int
    note: bytes
    signed_at: int

    def parsed(self) -> Checkpoint:
        """What the note says; nothing is verified.

        Raises:
            MalformedNote, MalformedCheckpoint: it is not a checkpoint.
        """
        return unverified(self.note)


class StoredAnchor(msgspec.Struct, frozen=True, kw_only=True):
    """The last checkpoint that a place was handed. ``anchored_at`` in milliseconds since 1970."""

    place: str
    size: int
    anchored_at: int


class CheckpointStore:
    """Reads and writes the checkpoints of one site.

    Args:
        database: a pool or a connection.
    """

    def __init__(self, database: Any, site: Site) -> None:
        self._database = database
        self._site = site

    async def latest(self) -> StoredCheckpoint | None:
        """The one of the largest size."""
        return _stored(await self._database.fetchrow(query("latest_checkpoint"), self._site))

    async def of_size(self, size: int) -> StoredCheckpoint | None:
        """The one of this size."""
        return _stored(await self._database.fetchrow(query("checkpoint_of_size"), self._site, size))

    async def within(self, after: int, until: int) -> list[StoredCheckpoint]:
        """Those that are larger than the one size and not larger than the other, the smallest first."""
        rows = await self._database.fetch(query("checkpoints_within"), self._site, after, until)
        return [StoredCheckpoint(**row) for row in rows]

    async def put(self, checkpoint: StoredCheckpoint) -> None:
        """Store a new one."""
        await self._database.execute(
            query("put_checkpoint"), self._site, checkpoint.size, checkpoint.note, checkpoint.signed_at
        )

    async def put_anchor(self, anchor: StoredAnchor) -> None:
        """Note that a place has a checkpoint; nothing happens when that is known."""
        await self._database.execute(query("put_anchor"), self._site, anchor.place, anchor.size, anchor.anchored_at)

    async def anchors(self) -> list[StoredAnchor]:
        """The last checkpoint of each place, by place."""
        return [StoredAnchor(**row) for row in await self._database.fetch(query("latest_anchors"), self._site)]


def unverified(note: bytes) -> Checkpoint:
    """What a note says, before anybody has looked at its signatures; errors as for ``StoredCheckpoint.parsed``."""
    return parse_checkpoint(parse_note(note).text)


def _stored(row: Any) -> StoredCheckpoint | None:
    return StoredCheckpoint(**row) if row else None

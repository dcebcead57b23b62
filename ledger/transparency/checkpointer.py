"""Follows the log of every site, keeps the tiles of its tree and signs checkpoints of it: a durable consumer.

Tiles, checkpoint and the place in the log are one transaction. Leaves are hashed from bodies and never taken from the
column, else it would sign what it has not seen. It signs once it has caught up, or about every ``pause_s`` while more
comes than it can follow. What it may not sign it refuses in the log file, again and again; the log itself goes on.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from ledger.envelope import RecordedEvent, leaf_hash
from ledger.ids import Site, system_clock_ms
from ledger.limits import CHECKPOINT_PAUSE_S
from ledger.merkle.tiles import TileBuilder, partial_tiles
from ledger.sql import query
from ledger.transparency.checkpoint_store import CheckpointStore, StoredCheckpoint
from ledger.transparency.fork_guard import ForkGuard, SigningRefused
from ledger.transparency.signing_keys import KeyFolder, SigningKeysUnusable
from ledger.transparency.tile_store import TileMissing, TileStore

NAME = "checkpointer"

log = logging.getLogger(__name__)


class Checkpointer:
    """The consumer. Errors that a restart does not mend are told in words, and come again until somebody mends them.

    Args:
        keys: signs.
        guard: knows what must not be contradicted.
        pause_s: the least time between two looks at the logs, and so between two checkpoints of a site.
    """

    name = NAME

    def __init__(
        self,
        keys: KeyFolder,
        guard: ForkGuard,
        *,
        pause_s: float = CHECKPOINT_PAUSE_S,
        clock_ms: Callable[[], int] = system_clock_ms,
    ) -> None:
        self.pause_s = pause_s
        self._keys = keys
        self._guard = guard
        self._clock_ms = clock_ms
        self._signed_at: dict[Site, float] = {}

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Add a page of events to the tree, and sign it if it is time.

        Raises:
            SigningRefused, SigningKeysUnusable, TileMissing: nothing was written; the log file says why.
        """
        try:
            tree = await _grown(TileStore(connection, site), page)
            if await self._is_due(connection, site, tree.size):
                await self._guard.check(connection, site, tree.size, tree.root())
                await self._sign(connection, site, tree)
        except (SigningRefused, SigningKeysUnusable, TileMissing) as refused:
            log.error("%s", refused.reason)
            raise

    async def _is_due(self, connection: Any, site: Site, size: int) -> bool:
        head = await connection.fetchval(query("head_position"), site)
        if size < self._keys.signed_size(site) <= head:
            # Whoever signed that was killed before the commit; a later page reaches it, and is held against it.
            return False
        return size == head or time.monotonic() - self._signed_at.get(site, 0.0) >= self.pause_s

    async def _sign(self, connection: Any, site: Site, tree: TileBuilder) -> None:
        note = await asyncio.to_thread(self._keys.sign, site, tree.size, tree.root())
        stored = StoredCheckpoint(size=tree.size, note=note, signed_at=self._clock_ms())
        await CheckpointStore(connection, site).put(stored)
        self._signed_at[site] = time.monotonic()


async def _grown(tiles: TileStore, page: Sequence[RecordedEvent]) -> TileBuilder:
    """The tree with the events of a page, its tiles stored."""
    size = page[0].position - 1
    tree = TileBuilder(size, await tiles.reader(partial_tiles(size)))
    full = tree.extend(leaf_hash(event.body) for event in page)
    await tiles.write([*full, *tree.partial()])
    return tree

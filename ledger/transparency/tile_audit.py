"""Compares the stored tiles of a tree with those of verified events, as these come."""

from collections.abc import Mapping, Sequence

from ledger.merkle.faults import TileDiffers
from ledger.merkle.tiles import Tile, TileBuilder, new_tiles, partial_tiles
from ledger.merkle.verify import tile_fault


class TileAudit:
    """Builds the tiles again.

    Args:
        tree: as far as events were verified before.
        size: how far the stored tiles reach; the checkpointer may be some events behind the log.
    """

    def __init__(self, tree: TileBuilder, size: int) -> None:
        self._tree = tree
        self._size = size
        self.compared = 0

    def wanted(self, until: int) -> list[Tile]:
        """The tiles to have at hand before the leaves up to this size are given: full ones, and the last partial."""
        old, new = self._tree.size, min(until, self._size)
        full = [tile for tile in new_tiles(old, new) if tile.is_full]
        return full + (partial_tiles(new) if old < new == self._size else [])

    def compare(self, leaves: Sequence[bytes], stored: Mapping[tuple[int, int], bytes]) -> TileDiffers | None:
        """Take the next leaves, in their order; the first tile that differs."""
        old = self._tree.size
        tiles = self._tree.extend(leaves[: max(0, self._size - old)])
        if old < self._tree.size == self._size:
            tiles += self._tree.partial()
        for tile, computed in tiles:
            if fault := tile_fault(tile, stored.get((tile.level, tile.index), b""), computed):
                return fault
            self.compared += 1
        return None

"""The tiles of a site's tree in the database. They are computed from events and never believed: all can be checked."""

from collections.abc import Iterable
from typing import Any

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.merkle.proof import ReadNode
from ledger.merkle.tiles import ReadTile, Tile, TileNodes, require_tile, tiles_holding
from ledger.merkle.tree import Node
from ledger.sql import query


class TileMissing(OperationFailed):
    """A tile of the tree is not in the database."""


class TileStore:
    """Reads and writes the tiles of one site.

    Args:
        database: a pool or a connection.
    """

    def __init__(self, database: Any, site: Site) -> None:
        self._database = database
        self._site = site

    async def write(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Store tiles with their bytes; a wider tile takes the place of a narrower one."""
        listed = list(tiles)
        levels, indexes = [tile.level for tile, _ in listed], [tile.index for tile, _ in listed]
        await self._database.execute(query("put_tiles"), self._site, levels, indexes, [hashes for _, hashes in listed])

    async def stored(self, tiles: Iterable[Tile]) -> dict[tuple[int, int], bytes]:
        """The bytes of those tiles that are there, by level and index, as wide as they are stored."""
        listed = list(tiles)
        if not listed:
            return {}
        levels, indexes = [tile.level for tile in listed], [tile.index for tile in listed]
        rows = await self._database.fetch(query("read_tiles"), self._site, levels, indexes)
        return {(row["level"], row["index"]): row["hashes"] for row in rows}

    async def reader(self, tiles: Iterable[Tile]) -> ReadTile:
        """Reads these tiles, which are fetched at once; ``TileMissing`` where one is not there or too narrow."""
        stored = await self.stored(tiles)

        def read(tile: Tile) -> bytes:
            hashes = stored.get((tile.level, tile.index), b"")
            try:
                require_tile(tile, hashes)
            except ValueError:
                raise TileMissing(f"Site {self._site}: {tile.path} is not in the database as wide as that.") from None
            return hashes

        return read

    async def nodes(self, nodes: Iterable[Node], size: int) -> ReadNode:
        """Reads these nodes of the tree of that size; the tiles of all are fetched at once. Errors as ``reader``."""
        return TileNodes(size, await self.reader(tiles_holding(nodes, size)))

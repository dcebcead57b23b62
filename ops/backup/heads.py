"""How far each log has come, and the root of its tree there."""

from typing import Any

from ledger.envelope import leaf_hash
from ledger.ids import Position, Site
from ledger.merkle.tiles import TileBuilder, partial_tiles
from ledger.store import Store
from ledger.transparency.checkpointer import NAME as CHECKPOINTER
from ledger.transparency.tile_store import TileStore
from ops.backup.manifest import SiteState
from ops.backup.sql import query


async def site_states(connection: Any) -> list[SiteState]:
    """Of every site, as the connection's transaction sees it; events behind the stored tiles are hashed here.

    Raises:
        TileMissing: the stored tiles of a log are not whole.
    """
    return [
        SiteState(
            site=Site(row["site"]),
            head=row["head"],
            root=(await _tree(connection, Site(row["site"]), row["tiled"])).root().hex(),
            checkpointed=row["checkpointed"],
        )
        for row in await connection.fetch(query("heads"), CHECKPOINTER)
    ]


async def _tree(connection: Any, site: Site, tiled: int) -> TileBuilder:
    tree = TileBuilder(tiled, await TileStore(connection, site).reader(partial_tiles(tiled)))
    store = Store(connection)
    while page := await store.read_log(site, after=Position(tree.size)):
        tree.extend(leaf_hash(event.body) for event in page)
    return tree

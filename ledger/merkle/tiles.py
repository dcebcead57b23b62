"""The tree cut into tiles of 256 hashes, as in C2SP tlog-tiles: what a log stores and serves, and nodes out of it.

Tile ``index`` of ``level`` lists hashes ``index * 256`` and following of tree level ``level * 8``; a full tile is one
hash in the tile above it. The last tile of a level may be partial: a prefix of the full one to come, and never hashed
into the level above. Tiles never change once they are full.

Entry bundles are not built: an entry there has at most 65,535 bytes, and an event with an invoice is larger
(docs/decisions/0008-checkpoints-and-tiles.md).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.tree import HASH_BYTES, CompactRange, Node, node_hash, root_of_subtrees

TILE_HEIGHT = 8
TILE_HASHES_MAX = 1 << TILE_HEIGHT
# "a decimal ASCII integer between 0 and 63" (tlog-tiles, Merkle Tree); a tree of 2^63 leaves has levels 0 to 7.
TILE_LEVEL_MAX = 63

_PATH = re.compile(r"tile/([0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class MalformedTile(ValueError):
    """A path that names no tile, or data that are not the hashes of one."""


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Where a tile stands and how many hashes it has: 256, or 1 to 255 for a partial one.

    Raises:
        MalformedTile: there can be no such tile.
    """

    level: int
    index: int
    width: int = TILE_HASHES_MAX

    def __post_init__(self) -> None:
        if not (
            0 <= self.level <= TILE_LEVEL_MAX
            and 0 <= self.index <= TREE_SIZE_MAX
            and 1 <= self.width <= TILE_HASHES_MAX
        ):
            raise MalformedTile(f"there is no tile {self.index} of width {self.width} at level {self.level}")

    @property
    def is_full(self) -> bool:
        """Whether it has all 256 hashes and will never change."""
        return self.width == TILE_HASHES_MAX

    @property
    def path(self) -> str:
        """``tile/<level>/<index>[.p/<width>]``, the index in groups of three digits: 1234067 is x001/x234/067."""
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        suffix = "" if self.is_full else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(reversed(groups))}{suffix}"


ReadTile = Callable[[Tile], bytes]
"""Gives the bytes of a tile, or of a wider one at its place: a partial tile is a prefix of the full one."""


def parse_tile_path(path: str) -> Tile:
    """The tile of a path in the one form that ``Tile.path`` writes.

    Raises:
        MalformedTile: the path has another form, superfluous zeros among them, or there can be no such tile.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise MalformedTile(f"not the path of a tile: {path[:100]!r}")
    level, groups, width = found.groups()
    tile = Tile(int(level), int(groups.replace("/", "").replace("x", "")), int(width or TILE_HASHES_MAX))
    if tile.path != path:
        raise MalformedTile(f"not the path of a tile: {path!r}")
    return tile


def new_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles to publish when a tree has grown: full ones that filled up, and partial ones that changed.

    By level, then from left to right. From size 0 these are all tiles of the tree.
    """
    level = 0
    while new_size >> level * TILE_HEIGHT:
        old, new = old_size >> level * TILE_HEIGHT, new_size >> level * TILE_HEIGHT
        if new > old:
            for index in range(old >> TILE_HEIGHT, new >> TILE_HEIGHT):
                yield Tile(level, index)
            if new % TILE_HASHES_MAX:
                yield Tile(level, new >> TILE_HEIGHT, new % TILE_HASHES_MAX)
        level += 1


def partial_tiles(size: int) -> list[Tile]:
    """The partial tiles of a tree, by level: the right edge that growth goes on from. At most one a level."""
    tiles = []
    level = 0
    while hashes := size >> level * TILE_HEIGHT:
        if hashes % TILE_HASHES_MAX:
            tiles.append(Tile(level, hashes >> TILE_HEIGHT, hashes % TILE_HASHES_MAX))
        level += 1
    return tiles


def encode_tile(hashes: Iterable[bytes]) -> bytes:
    """The bytes of a tile: its hashes one behind the other.

    Raises:
        MalformedTile: there are none or more than 256, or one is not 32 bytes long.
    """
    listed = list(hashes)
    if not 1 <= len(listed) <= TILE_HASHES_MAX or any(len(each) != HASH_BYTES for each in listed):
        raise MalformedTile(f"{len(listed)} hashes are no tile")
    return b"".join(listed)


def decode_tile(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes of a tile; data of a wider tile at its place will do.

    Raises:
        MalformedTile: the data are too short or too long, or end within a hash.
    """
    require_tile(tile, data)
    return _hashes_of(data, 0, tile.width)


def require_tile(tile: Tile, data: bytes) -> None:
    """Refuse what cannot be the bytes of a tile, or of a wider one at its place. Errors as for ``decode_tile``."""
    if len(data) % HASH_BYTES or not tile.width <= len(data) // HASH_BYTES <= TILE_HASHES_MAX:
        raise MalformedTile(f"{len(data)} bytes are not {tile.path}")


def tile_of(node: Node, size: int) -> Tile:
    """The tile of a tree of ``size`` leaves out of which a node can be read.

    Raises:
        ValueError: the tree does not have that node whole.
    """
    if node.index < 0 or (node.index + 1) << node.level > size:
        raise ValueError(f"a tree of {size} leaves has no complete node {node.index} at level {node.level}")
    level, height = divmod(node.level, TILE_HEIGHT)
    index = node.index << height >> TILE_HEIGHT
    width = (size >> level * TILE_HEIGHT) - index * TILE_HASHES_MAX
    return Tile(level, index, min(width, TILE_HASHES_MAX))


def tiles_holding(nodes: Iterable[Node], size: int) -> list[Tile]:
    """The tiles to fetch for reading these nodes, each once, in order."""
    return sorted({tile_of(node, size) for node in nodes})


class TileNodes:
    """Reads nodes of a tree of ``size`` leaves out of its tiles: a ``ReadNode`` for ``proof``.

    Nothing is remembered and nothing is believed: a proof made from wrong tiles does not verify.
    """

    def __init__(self, size: int, read_tile: ReadTile) -> None:
        self._size = size
        self._read_tile = read_tile

    def __call__(self, node: Node) -> bytes:
        """The hash of a node.

        Raises:
            ValueError: the tree does not have that node whole.
            MalformedTile: the tile's data are no hashes.
        """
        tile = tile_of(node, self._size)
        height = node.level - tile.level * TILE_HEIGHT
        first = (node.index << height) - tile.index * TILE_HASHES_MAX
        data = self._read_tile(tile)
        require_tile(tile, data)
        return _complete_root(_hashes_of(data, first, 1 << height))


class TileBuilder:
    """A tree that grows and gives its tiles; memory is 255 hashes a level.

    Args:
        size: leaves that it has already.
        read_tile: gives the partial tiles of that size (``partial_tiles``); not called for size 0.
    """

    def __init__(self, size: int = 0, read_tile: ReadTile = lambda tile: b"") -> None:
        self._size = size
        self._levels: list[list[bytes]] = []
        for tile in partial_tiles(size):
            self._level(tile.level).extend(decode_tile(tile, read_tile(tile)))

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    def extend(self, leaves: Iterable[bytes]) -> list[tuple[Tile, bytes]]:
        """Add leaf hashes of 32 bytes in their order; the full tiles that came of it, with their bytes."""
        full: list[tuple[Tile, bytes]] = []
        for leaf in leaves:
            self._size += 1
            hashes = self._level(0)
            hashes.append(leaf)
            if len(hashes) == TILE_HASHES_MAX:
                full.extend(self._fill_up())
        return full

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The partial tiles of the tree as it is now, with their bytes."""
        return [(tile, encode_tile(self._levels[tile.level])) for tile in partial_tiles(self._size)]

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        edge = [CompactRange(len(hashes), _subtrees_of(hashes)).hashes for hashes in reversed(self._levels)]
        return root_of_subtrees([subtree for subtrees in edge for subtree in subtrees])

    def _fill_up(self) -> Iterator[tuple[Tile, bytes]]:
        level = 0
        while len(hashes := self._level(level)) == TILE_HASHES_MAX:
            index = (self._size >> (level + 1) * TILE_HEIGHT) - 1
            yield Tile(level, index), encode_tile(hashes)
            self._level(level + 1).append(_complete_root(hashes))
            hashes.clear()
            level += 1

    def _level(self, level: int) -> list[bytes]:
        while len(self._levels) <= level:
            self._levels.append([])
        return self._levels[level]


def _hashes_of(data: bytes, first: int, count: int) -> list[bytes]:
    start, end = first * HASH_BYTES, (first + count) * HASH_BYTES
    return [data[place : place + HASH_BYTES] for place in range(start, end, HASH_BYTES)]


def _subtrees_of(hashes: list[bytes]) -> tuple[bytes, ...]:
    tree = CompactRange()
    tree.extend(hashes)
    return tree.hashes


def _complete_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[place], hashes[place + 1]) for place in range(0, len(hashes), 2)]
    return hashes[0]

"""Tiles as in C2SP tlog-tiles: paths, which there are, their bytes, and nodes out of them (ledger/merkle/tiles.py)."""

import pytest
from hypothesis import strategies as st

from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.tiles import (
    MalformedTile,
    Tile,
    TileBuilder,
    TileNodes,
    decode_tile,
    encode_tile,
    new_tiles,
    parse_tile_path,
    partial_tiles,
    tile_of,
    tiles_holding,
)
from ledger.merkle.tree import Node, root_of_leaves
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import defined_root, random_leaves

LEAVES = random_leaves(70_000)
tiles = st.builds(Tile, st.integers(0, 63), st.integers(0, TREE_SIZE_MAX), st.integers(1, 256))


def tiles_of(size: int) -> dict[Tile, bytes]:
    """All tiles of a tree, by the definition: hash i of tile n at level l is MTH of its 256**l leaves."""
    stored: dict[Tile, bytes] = {}
    for tile in new_tiles(0, size):
        spans = [(tile.index * 256 + place) * 256**tile.level for place in range(tile.width)]
        stored[tile] = b"".join(defined_root(LEAVES[start : start + 256**tile.level]) for start in spans)
    return stored


# Paths


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),  # tlog-tiles, Merkle Tree
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1), "tile/0/001"),
        (Tile(0, 1, 5), "tile/0/001.p/5"),
        (Tile(5, 123456078), "tile/5/x123/x456/078"),
        (Tile(5, 123456078, 2), "tile/5/x123/x456/078.p/2"),
        (Tile(0, 3057500), "tile/0/x003/x057/500"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile


@for_all(tile=tiles)
def test_a_path_leads_back_to_its_tile(tile: Tile) -> None:
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/123/456/078",
        "tile/0/x123/x456",
        "tile/0/x000/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/0/001.p/",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/001\n",
        "tile/0/\u0660\u0660\u0661",
        "tile/entries/001",
        "tile/data/001",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x001/" * 100 + "001",
    ],
)
def test_another_path_is_refused(path: str) -> None:
    with pytest.raises(MalformedTile):
        parse_tile_path(path)


@for_all(path=st.text(max_size=30) | st.from_regex(r"tile/[0-9x/.p]{0,20}", fullmatch=True))
def test_a_random_path_is_a_tile_or_refused(path: str) -> None:
    try:
        tile = parse_tile_path(path)
    except MalformedTile:
        return
    assert tile.path == path


# Which tiles there are


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    found = list(new_tiles(0, 70_000))
    assert [tile for tile in found if not tile.is_full] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert sum(tile.level == 0 and tile.is_full for tile in found) == 273
    assert [tile for tile in found if tile.level == 1 and tile.is_full] == [Tile(1, 0)]


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above_it() -> None:
    assert list(new_tiles(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]


def test_the_empty_tree_has_no_tiles() -> None:
    assert list(new_tiles(0, 0)) == partial_tiles(0) == []


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 2**24, 2**24 + 1])
def test_a_tree_that_did_not_grow_has_no_new_tiles(size: int) -> None:
    assert list(new_tiles(size, size)) == []


@for_all(old=st.integers(0, 2**18), more=st.integers(0, 1_000))
def test_new_tiles_are_those_that_the_old_tree_did_not_have(old: int, more: int) -> None:
    had = set(new_tiles(0, old))
    assert list(new_tiles(old, old + more)) == [tile for tile in new_tiles(0, old + more) if tile not in had]


@for_all(size=st.integers(0, TREE_SIZE_MAX))
def test_partial_tiles_have_the_width_of_the_specification(size: int) -> None:
    widths = {tile.level: tile.width for tile in partial_tiles(size)}
    assert widths == {level: size // 256**level % 256 for level in range(8) if size // 256**level % 256}


# Bytes


@for_all(hashes=st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=256))
def test_a_tile_is_read_back_as_it_was_written(hashes: list[bytes]) -> None:
    tile = Tile(0, 0, len(hashes))
    assert decode_tile(tile, encode_tile(hashes)) == hashes
    assert decode_tile(Tile(0, 0, 1), encode_tile(hashes)) == hashes[:1]


@pytest.mark.parametrize(("width", "length"), [(1, 0), (1, 31), (1, 33), (2, 32), (256, 255 * 32), (256, 257 * 32)])
def test_bytes_of_another_length_are_no_tile(width: int, length: int) -> None:
    with pytest.raises(MalformedTile):
        decode_tile(Tile(0, 0, width), bytes(length))


@pytest.mark.parametrize("hashes", [[], [b"short"], [bytes(32)] * 257])
def test_what_is_no_tile_is_not_written(hashes: list[bytes]) -> None:
    with pytest.raises(MalformedTile):
        encode_tile(hashes)


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_there_are_no_tiles_elsewhere(level: int, index: int, width: int) -> None:
    with pytest.raises(MalformedTile):
        Tile(level, index, width)


# Growth


def test_a_tree_gives_the_defined_tiles_and_root_at_every_size() -> None:
    builder, published = TileBuilder(), dict[Tile, bytes]()
    for size in range(520):
        tree = published | dict(builder.partial())
        assert tree == tiles_of(size)
        assert (builder.size, builder.root()) == (size, defined_root(LEAVES[:size]))
        published.update(builder.extend(LEAVES[size : size + 1]))


@pytest.mark.parametrize("size", [65_536, 69_999])
def test_a_large_tree_gives_the_defined_tiles_and_root(size: int) -> None:
    builder = TileBuilder()
    assert dict(builder.extend(LEAVES[:size])) | dict(builder.partial()) == tiles_of(size)
    assert builder.root() == root_of_leaves(LEAVES[:size])


@for_all(old=st.integers(0, 70_000), new=st.integers(0, 70_000), examples=4)
def test_growth_goes_on_from_the_partial_tiles_of_any_size(old: int, new: int) -> None:
    old, new = sorted((old, new))
    before = TileBuilder()
    before.extend(LEAVES[:old])
    builder = TileBuilder(old, dict(before.partial()).__getitem__)
    published = dict(builder.extend(LEAVES[old:new])) | dict(builder.partial())
    assert set(new_tiles(old, new)) <= set(published)
    assert builder.root() == root_of_leaves(LEAVES[:new])


# Nodes


def test_every_node_of_a_tree_is_read_from_its_tiles() -> None:
    for size in (1, 2, 255, 256, 257, 600):
        read = TileNodes(size, tiles_of(size).__getitem__)
        for level in range(size.bit_length()):
            for index in range(size >> level):
                assert read(Node(level, index)) == defined_root(LEAVES[index << level : (index + 1) << level])


def test_a_partial_tile_may_be_read_from_the_full_one_that_followed() -> None:
    full = tiles_of(256)[Tile(0, 0)]
    asked: list[Tile] = []
    assert TileNodes(100, lambda tile: asked.append(tile) or full)(Node(6, 0)) == defined_root(LEAVES[:64])  # type: ignore[func-returns-value]
    assert asked == [Tile(0, 0, 100)]


@pytest.mark.parametrize("node", [Node(0, 100), Node(6, 1), Node(7, 0), Node(0, -1), Node(64, 0)])
def test_a_node_that_the_tree_has_not_whole_is_refused(node: Node) -> None:
    with pytest.raises(ValueError, match="no complete node"):
        tile_of(node, 100)


def test_each_tile_is_fetched_once() -> None:
    nodes = [Node(0, 1), Node(1, 1), Node(8, 0), Node(0, 300)]
    assert tiles_holding(nodes, 600) == [Tile(0, 0), Tile(0, 1), Tile(1, 0, 2)]

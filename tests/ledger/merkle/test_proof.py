"""Inclusion and consistency proofs: published ones, all small ones, and that altered ones fail (merkle/proof.py)."""

import functools
from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from ledger.envelope import leaf_hash
from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.proof import (
    consistency_nodes,
    inclusion_nodes,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from ledger.merkle.tiles import Tile, TileBuilder, TileNodes, tiles_holding
from ledger.merkle.tree import EMPTY_ROOT, root_of_leaves, split_point
from tests.ledger.laws import for_all
from tests.ledger.merkle import vectors
from tests.ledger.merkle.given import defined_root, nodes_of, random_leaves

LEAVES = random_leaves(70_000)
SIZES = range(34)
sizes = st.integers(0, TREE_SIZE_MAX)


def root(size: int) -> bytes:
    return defined_root(LEAVES[:size])


def in_hex(proof: list[bytes]) -> tuple[str, ...]:
    return tuple(each.hex() for each in proof)


def flipped(value: bytes) -> Iterator[bytes]:
    """The value with each of its bits turned over."""
    for bit in range(len(value) * 8):
        yield (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


def altered(proof: list[bytes]) -> Iterator[list[bytes]]:
    """The proof with a bit turned over, a hash more, less, short, long or in another place."""
    for place, value in enumerate(proof):
        for other in (*flipped(value), value[:-1], value + b"\0", b""):
            yield [*proof[:place], other, *proof[place + 1 :]]
        yield proof[:place] + proof[place + 1 :]
        if place and proof[place - 1] != value:
            yield [*proof[: place - 1], value, proof[place - 1], *proof[place + 1 :]]
    for place in range(len(proof) + 1):
        for more in (b"", EMPTY_ROOT, LEAVES[0]):
            yield [*proof[:place], more, *proof[place:]]


# Published proofs


@pytest.mark.parametrize(("index", "size"), vectors.INCLUSION_PROOFS)
def test_the_published_inclusion_proofs_are_ours(index: int, size: int) -> None:
    leaves = list(map(leaf_hash, vectors.LEAVES))
    proof = prove_inclusion(index, size, nodes_of(leaves[:size]))
    assert in_hex(proof) == vectors.INCLUSION_PROOFS[index, size]
    assert verify_inclusion(leaves[index], index, size, proof, vectors.ROOTS[size])


@pytest.mark.parametrize(("old", "new"), vectors.CONSISTENCY_PROOFS)
def test_the_published_consistency_proofs_are_ours(old: int, new: int) -> None:
    leaves = list(map(leaf_hash, vectors.LEAVES))
    proof = prove_consistency(old, new, nodes_of(leaves[:new]))
    assert in_hex(proof) == vectors.CONSISTENCY_PROOFS[old, new]
    assert verify_consistency(old, vectors.ROOTS[old], new, vectors.ROOTS[new], proof)


def test_the_example_of_rfc_6962_is_ours() -> None:
    """Section 2.1.3: the tree of d0 to d6, its nodes a to l."""
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = (defined_root(LEAVES[start : start + 2]) for start in (0, 2, 4))
    k, l_ = defined_root(LEAVES[:4]), defined_root(LEAVES[4:7])
    read = nodes_of(LEAVES[:7])
    assert prove_inclusion(0, 7, read) == [b, h, l_]
    assert prove_inclusion(3, 7, read) == [c, g, l_]
    assert prove_inclusion(4, 7, read) == [f, j, k]
    assert prove_inclusion(6, 7, read) == [i, k]
    assert prove_consistency(3, 7, read) == [c, d, g, l_]
    assert prove_consistency(4, 7, read) == [l_]
    assert prove_consistency(6, 7, read) == [i, j, k]
    assert (a, e) == (LEAVES[0], LEAVES[4])


# All small trees


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_of_a_tree_is_proven(size: int) -> None:
    for index in range(size):
        proof = prove_inclusion(index, size, nodes_of(LEAVES[:size]))
        assert verify_inclusion(LEAVES[index], index, size, proof, root(size))


@pytest.mark.parametrize("new", SIZES)
def test_every_beginning_of_a_tree_is_proven(new: int) -> None:
    for old in range(new + 1):
        proof = prove_consistency(old, new, nodes_of(LEAVES[:new]))
        assert verify_consistency(old, root(old), new, root(new), proof)


@pytest.mark.parametrize("size", range(1, 9))
def test_no_altered_inclusion_proof_verifies(size: int) -> None:
    for index in range(size):
        proof = prove_inclusion(index, size, nodes_of(LEAVES[:size]))
        for other in altered(proof):
            assert not verify_inclusion(LEAVES[index], index, size, other, root(size))
        for leaf in (*flipped(LEAVES[index]), b"", root(size) if size > 1 else EMPTY_ROOT):
            assert not verify_inclusion(leaf, index, size, proof, root(size))
        for other_root in (*flipped(root(size)), b"", EMPTY_ROOT):
            assert not verify_inclusion(LEAVES[index], index, size, proof, other_root)
        for other_index in {*range(-1, 2 * size)} - {index}:
            assert not verify_inclusion(LEAVES[index], other_index, size, proof, root(size))


@pytest.mark.parametrize("new", range(1, 9))
def test_no_altered_consistency_proof_verifies(new: int) -> None:
    for old in range(1, new + 1):
        proof = prove_consistency(old, new, nodes_of(LEAVES[:new]))
        for other in altered(proof):
            assert not verify_consistency(old, root(old), new, root(new), other)
        for other_root in (*flipped(root(old)), b"", EMPTY_ROOT):
            assert not verify_consistency(old, other_root, new, root(new), proof)
        for other_root in (*flipped(root(new)), b"", EMPTY_ROOT):
            assert not verify_consistency(old, root(old), new, other_root, proof)


@for_all(size=st.integers(1, 3_000), other=st.integers(0, 4_000), data=st.data())
def test_a_proof_fits_another_size_only_where_the_path_is_the_same(size: int, other: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, TileNodes(size, stored(size).__getitem__))
    fits = verify_inclusion(LEAVES[index], index, other, proof, root_of_leaves(LEAVES[:size]))
    assert fits == (index < other and sides(index, other) == sides(index, size))


def sides(index: int, size: int) -> list[str]:
    """On which side the siblings of a leaf stand, from the leaf up."""
    if size <= 1:
        return []
    split = split_point(size)
    if index < split:
        return [*sides(index, split), "right"]
    return [*sides(index - split, size - split), "left"]


@for_all(old=st.integers(1, 300), more=st.integers(0, 300), other_old=st.integers(0, 700), other=st.integers(0, 700))
def test_a_consistency_proof_fits_other_sizes_only_where_the_path_is_the_same(
    old: int, more: int, other_old: int, other: int
) -> None:
    new = old + more
    proof = prove_consistency(old, new, TileNodes(new, stored(new).__getitem__))
    old_root, new_root = root_of_leaves(LEAVES[:old]), root_of_leaves(LEAVES[:new])
    for old_size, new_size in ((other_old, other), (old, other), (other_old, new)):
        fits = verify_consistency(old_size, old_root, new_size, new_root, proof)
        assert fits == (1 <= old_size <= new_size and growth(old_size, new_size) == growth(old, new))


def growth(old: int, new: int, whole: bool = True) -> list[str]:
    """What the hashes of a consistency proof are: SUBPROOF of RFC 6962, section 2.1.2."""
    if old == new:
        return ["given" if whole else "both"]
    split = split_point(new)
    if old <= split:
        return [*growth(old, split, whole), "right"]
    return [*growth(old - split, new - split, whole=False), "left"]


# Edges


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (1, root(1), 0, EMPTY_ROOT, []),
        (2, root(2), 1, root(1), []),
        (1, root(1), 2, root(2), []),
        (3, root(3), 5, root(5), []),
        (1, b"short", 1, b"short", []),
        (0, root(1), 2, root(2), []),
        (0, EMPTY_ROOT, 0, root(1), []),
        (0, root(1), 0, root(1), []),
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, [EMPTY_ROOT]),
        (0, EMPTY_ROOT, 1, root(1), [EMPTY_ROOT]),
        (1, root(1), 1, root(1), [EMPTY_ROOT]),
        (1, root(1), 1, root(2), []),
        (-1, EMPTY_ROOT, 1, root(1), []),
        (1, root(1), 2**63, root(1), [EMPTY_ROOT]),
    ],
)
def test_trees_that_do_not_grow_into_one_another_are_told(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]
) -> None:
    assert not verify_consistency(old, old_root, new, new_root, proof)


def test_what_is_no_hash_is_in_no_tree() -> None:
    assert not verify_inclusion(b"short", 0, 1, [], b"short")
    whole = LEAVES[0] + LEAVES[1]
    for split in (31, 33):
        assert not verify_inclusion(whole[:split], 0, 2, [whole[split:]], root(2))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (8, 8), (-1, 1), (0, -1), (0, 2**63)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_nodes(index, size)


@pytest.mark.parametrize(("old", "new"), [(1, 0), (9, 8), (-1, 1), (0, -1), (1, 2**63)])
def test_there_is_no_proof_that_a_tree_shrank(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no beginning"):
        consistency_nodes(old, new)


# Large trees


@for_all(index=sizes, size=sizes)
def test_a_proof_of_inclusion_reads_few_nodes_and_tiles(index: int, size: int) -> None:
    index, size = min(index, size), max(index, size, 1)
    nodes = inclusion_nodes(min(index, size - 1), size)
    levels = size.bit_length()
    assert len(nodes) <= 2 * levels
    assert len(tiles_holding(nodes, size)) <= 2 * (levels // 8 + 1)


@for_all(old=sizes, new=sizes)
def test_a_proof_of_consistency_reads_few_nodes_and_tiles(old: int, new: int) -> None:
    old, new = sorted((old, new))
    nodes = consistency_nodes(old, new)
    levels = new.bit_length()
    assert len(nodes) <= 2 * levels + 1
    assert len(tiles_holding(nodes, new)) <= 2 * (levels // 8 + 1)


@functools.cache
def stored(size: int) -> dict[Tile, bytes]:
    """The tiles of a tree."""
    builder = TileBuilder()
    return dict(builder.extend(LEAVES[:size])) | dict(builder.partial())


@for_all(size=st.sampled_from([65_535, 65_536, 65_537, 70_000]), data=st.data(), examples=6)
def test_large_trees_are_proven_from_their_tiles(size: int, data: st.DataObject) -> None:
    tiles, whole = stored(size), root_of_leaves(LEAVES[:size])
    read = TileNodes(size, tiles.__getitem__)
    for place in data.draw(st.lists(st.integers(0, size - 1), min_size=5, max_size=20)):
        assert verify_inclusion(LEAVES[place], place, size, prove_inclusion(place, size, read), whole)
    old = data.draw(st.integers(0, size))
    assert verify_consistency(old, root_of_leaves(LEAVES[:old]), size, whole, prove_consistency(old, size, read))


@for_all(place=st.integers(0, 255), bit=st.integers(0, 255))
def test_a_proof_from_a_wrong_tile_does_not_verify(place: int, bit: int) -> None:
    tiles = stored(600)
    wrong = tiles | {Tile(0, 0): flip(tiles[Tile(0, 0)], place * 256 + bit)}
    proof = prove_inclusion(place ^ 1, 600, TileNodes(600, wrong.__getitem__))
    assert not verify_inclusion(LEAVES[place ^ 1], place ^ 1, 600, proof, root_of_leaves(LEAVES[:600]))


def flip(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]

"""The Merkle tree of RFC 6962: published roots, and growth that equals the definition (ledger/merkle/tree.py)."""

import pytest
from hypothesis import strategies as st

from ledger.envelope import leaf_hash
from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.tree import (
    EMPTY_ROOT,
    CompactRange,
    Node,
    complete_subtrees,
    root_of_leaves,
    root_of_subtrees,
    split_point,
)
from tests.ledger.laws import for_all
from tests.ledger.merkle import vectors
from tests.ledger.merkle.given import compact_range_of, defined_root, random_leaves

LEAVES = random_leaves(600)


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots_are_ours(size: int) -> None:
    leaves = list(map(leaf_hash, vectors.LEAVES[:size]))
    assert root_of_leaves(leaves) == defined_root(leaves) == vectors.ROOTS[size]


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert CompactRange().root() == EMPTY_ROOT == vectors.ROOTS[0]


def test_a_tree_that_grows_leaf_by_leaf_has_the_defined_root_at_every_size() -> None:
    tree = CompactRange()
    for size, leaf in enumerate(LEAVES):
        assert tree.root() == defined_root(LEAVES[:size])
        assert (tree.size, len(tree.hashes)) == (size, size.bit_count())
        tree.append(leaf)


@for_all(old=st.integers(0, 300), more=st.integers(0, 300))
def test_a_stored_right_edge_is_enough_to_go_on_from(old: int, more: int) -> None:
    stored = compact_range_of(LEAVES[:old]).hashes
    tree = CompactRange(old, stored)
    tree.extend(LEAVES[old : old + more])
    assert tree.root() == root_of_leaves(LEAVES[: old + more])


@pytest.mark.parametrize(
    ("size", "hashes"),
    [(1, []), (0, [EMPTY_ROOT]), (3, [EMPTY_ROOT]), (1, [EMPTY_ROOT[:31]]), (-1, [EMPTY_ROOT]), (2**63, [EMPTY_ROOT])],
)
def test_what_is_no_right_edge_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="no compact range"):
        CompactRange(size, hashes)


@for_all(size=st.integers(0, TREE_SIZE_MAX))
def test_complete_subtrees_cover_a_tree_from_left_to_right_without_a_gap(size: int) -> None:
    place = 0
    for node in complete_subtrees(0, size):
        assert node.index << node.level == place
        place = (node.index + 1) << node.level
    assert place == size
    assert len(complete_subtrees(0, size)) == size.bit_count()


@for_all(size=st.integers(2, TREE_SIZE_MAX))
def test_a_tree_is_split_at_the_largest_power_of_two_below_its_size(size: int) -> None:
    split = split_point(size)
    assert split < size <= 2 * split
    assert split.bit_count() == 1


def test_the_root_is_folded_from_complete_subtrees() -> None:
    subtrees = [defined_root(LEAVES[0:4]), defined_root(LEAVES[4:6]), LEAVES[6]]
    assert complete_subtrees(0, 7) == [Node(2, 0), Node(1, 2), Node(0, 6)]
    assert root_of_subtrees(subtrees) == defined_root(LEAVES[:7])

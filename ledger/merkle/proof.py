"""Inclusion and consistency proofs of RFC 6962, sections 2.1.1 and 2.1.2: made from nodes, and verified.

A proof is a list of hashes of 32 bytes, the one nearest to the leaves first. Making one reads at most two nodes a level
of the tree. Which nodes those are can be asked beforehand, so a caller that reads a database fetches the tiles of all
of them at once (``tiles.tiles_holding``) and then makes the proof without waiting.

Verifying follows RFC 9162, sections 2.1.3.2 and 2.1.4.2. A proof binds a leaf to a root and an index; the *size* is
bound by the signature of the checkpoint that names both: some proofs have the same form in trees of several sizes.
"""

from collections.abc import Callable, Sequence

from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.tree import EMPTY_ROOT, Node, all_hashes, complete_subtrees, node_hash, root_of_subtrees, split_point

ReadNode = Callable[[Node], bytes]
"""Gives the hash of a complete subtree of the tree that is proven from."""

_Span = tuple[int, int]


def inclusion_nodes(index: int, size: int) -> list[Node]:
    """The nodes that ``prove_inclusion`` reads. Errors as there."""
    return _nodes(_inclusion_spans(index, size))


def prove_inclusion(index: int, size: int, read: ReadNode) -> list[bytes]:
    """The proof that a leaf stands at ``index`` of a tree of ``size`` leaves.

    Raises:
        ValueError: the tree has no such leaf.
    """
    return [_span_root(span, read) for span in _inclusion_spans(index, size)]


def consistency_nodes(old_size: int, new_size: int) -> list[Node]:
    """The nodes that ``prove_consistency`` reads. Errors as there."""
    return _nodes(_consistency_spans(old_size, new_size))


def prove_consistency(old_size: int, new_size: int, read: ReadNode) -> list[bytes]:
    """The proof that a tree of ``old_size`` leaves is the beginning of the one of ``new_size`` leaves.

    It is empty when the sizes are the same or the old tree is: then there is nothing to prove.

    Raises:
        ValueError: the old tree is larger than the new one.
    """
    return [_span_root(span, read) for span in _consistency_spans(old_size, new_size)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that ``leaf`` stands at ``index`` of the tree with that size and root."""
    if not 0 <= index < size <= TREE_SIZE_MAX or not all_hashes((leaf, root, *proof)):
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            node, last = _skip_levels_without_sibling(node, last)
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the old tree is the beginning of the new one.

    The empty tree is the beginning of every tree, and has the one root that an empty tree has.
    """
    if not 0 <= old_size <= new_size <= TREE_SIZE_MAX or not all_hashes((old_root, new_root, *proof)):
        return False
    if new_size == 0 and new_root != EMPTY_ROOT:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    return _grows_into(old_size, old_root, new_size, new_root, proof)


def _grows_into(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    # A whole old tree is itself a node of the new one, and the proof leaves it out.
    hashes = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not proof:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            node, last = _skip_levels_without_sibling(node, last)
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _skip_levels_without_sibling(node: int, last: int) -> tuple[int, int]:
    """At the right edge a node may stand alone on some levels, until it is a right child or the root."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _inclusion_spans(index: int, size: int) -> list[_Span]:
    """What stands beside the path from the leaf to the root: PATH of RFC 6962."""
    if not 0 <= index < size <= TREE_SIZE_MAX:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    start, end = 0, size
    spans = []
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _consistency_spans(old_size: int, new_size: int) -> list[_Span]:
    """What stands beside the path to the old tree's right edge, and the subtree that ends there: PROOF of RFC 6962."""
    if not 0 <= old_size <= new_size <= TREE_SIZE_MAX:
        raise ValueError(f"a tree of {old_size} leaves is no beginning of one of {new_size}")
    if old_size == 0:
        return []
    start, end = 0, new_size
    spans = []
    while end != old_size:
        middle = start + split_point(end - start)
        if old_size <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:
        spans.append((start, end))
    return spans[::-1]


def _nodes(spans: list[_Span]) -> list[Node]:
    return [node for span in spans for node in complete_subtrees(*span)]


def _span_root(span: _Span, read: ReadNode) -> bytes:
    return root_of_subtrees([read(node) for node in complete_subtrees(*span)])

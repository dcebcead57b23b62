"""The Merkle tree of RFC 6962, section 2.1: roots of any size from leaves that come one by one.

A tree of n leaves is a row of complete subtrees, one for each bit of n, the largest first: a *compact range*. It is
all that is needed to append and to tell the root, so memory is one hash for each bit of the size. Leaf index is
position - 1. The hash of a leaf, SHA-256(0x00 || body), is ``ledger.envelope.leaf_hash``; every hash is 32 bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.merkle.limits import TREE_SIZE_MAX

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""
_NODE_PREFIX = b"\x01"


@dataclass(frozen=True, slots=True)
class Node:
    """The root of a complete subtree: leaves ``index << level`` to ``(index + 1) << level`` - 1. Leaves are level 0."""

    level: int
    index: int


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(_NODE_PREFIX + left + right).digest()


class CompactRange:
    """A tree that grows at its right edge.

    Args:
        size: leaves that it has already.
        hashes: roots of its complete subtrees from left to right, as ``hashes`` gave them.

    Raises:
        ValueError: there are more or fewer hashes than the size has bits, or one is not 32 bytes long.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self._size = size
        self._hashes = list(hashes)
        if not 0 <= size <= TREE_SIZE_MAX or len(self._hashes) != size.bit_count() or not all_hashes(self._hashes):
            raise ValueError(f"{len(self._hashes)} hashes are no compact range of size {size}")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, the largest (leftmost) first: one for each bit of the size."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash of 32 bytes. One node is hashed on average, as many as the size has bits at most."""
        hashes, rest = self._hashes, self._size
        while rest & 1:
            leaf = sha256(_NODE_PREFIX + hashes.pop() + leaf).digest()
            rest >>= 1
        hashes.append(leaf)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in their order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return root_of_subtrees(self._hashes)


def root_of_leaves(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree with these leaf hashes (RFC 6962, section 2.1: MTH)."""
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def root_of_subtrees(hashes: Sequence[bytes]) -> bytes:
    """The root of complete subtrees that stand side by side, the largest first; of none, the empty tree's."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def complete_subtrees(start: int, end: int) -> list[Node]:
    """The largest complete subtrees that make up leaves ``start`` to ``end`` - 1, from left to right.

    ``start`` is where a subtree of a larger tree begins, so the sizes fall from left to right.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def split_point(size: int) -> int:
    """How many of ``size`` > 1 leaves stand left of the root: the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def all_hashes(values: Iterable[bytes]) -> bool:
    """Whether every value has the length of a hash."""
    return all(len(value) == HASH_BYTES for value in values)

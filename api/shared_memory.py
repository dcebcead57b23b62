"""Memory that the processes of a service share: each writes into a slot of its own, and reads those of all.

It has no file: a process that writes into a mapped file is killed where the disk is full, and a folder of files would
have to be cleared. A slot is claimed by a lock that the kernel drops with its process, however that ends, so what a
process that is gone has written stays, and the next one in its slot goes on from it.

A slot is written by the event loop of its process alone, without a lock; a cell is eight bytes and read at once.
"""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

Cells: TypeAlias = "memoryview[float]"
"""64-bit floats."""

_CELL_BYTES = 8


class NoSlotLeft(OSError):
    """More processes share one memory than a service can have."""


@dataclass(frozen=True, slots=True)
class Shape:
    """So many slots, for a process each, with so many cells."""

    slots: int
    cells: int

    @property
    def size(self) -> int:
        """Bytes of a memory of this shape."""
        return self.slots * self.cells * _CELL_BYTES


def create_memory(shape: Shape) -> int:
    """Descriptor of new memory, all zero. Children that inherit it share it; only pages that are written take room."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("order-ledger")
        os.ftruncate(descriptor, shape.size)
        return descriptor
    with tempfile.TemporaryFile() as file:
        # Written and not only made longer, or a page might find no room on the disk later.
        file.write(bytes(shape.size))
        file.flush()
        return os.dup(file.fileno())


class SharedMemory:
    """The memory as one process sees it, with the slot that it has claimed.

    Args:
        descriptor: of memory of this shape that is shared; None for a process on its own.

    Raises:
        NoSlotLeft: all are in use.
    """

    def __init__(self, descriptor: int | None, shape: Shape) -> None:
        self._descriptor = descriptor
        self._shape = shape if descriptor is not None else Shape(slots=1, cells=shape.cells)
        self._mapped = mmap.mmap(-1 if descriptor is None else descriptor, self._shape.size)
        self._cells = memoryview(self._mapped).cast("d")
        self._own = self._claim()

    @property
    def own(self) -> Cells:
        """The cells of this process."""
        return self._slot(self._own)

    def slots(self, mark: float) -> Iterator[tuple[Sequence[float], bool]]:
        """The cells of each slot whose first one is ``mark``, and whether its process lives."""
        for number, first in enumerate(self.first_cells()):
            if first == mark:
                yield self._slot(number).tolist(), self.lives(number)

    def first_cells(self) -> Sequence[float]:
        """The first cell of each slot."""
        return self._cells[:: self._shape.cells].tolist()

    def lives(self, number: int) -> bool:
        """Whether the slot of this number is that of a process which lives."""
        return number == self._own or self._is_locked(number)

    def _slot(self, number: int) -> Cells:
        return self._cells[number * self._shape.cells : (number + 1) * self._shape.cells]

    def _claim(self) -> int:
        for number in range(self._shape.slots):
            if self._lock(number):
                return number
        raise NoSlotLeft(f"more than {self._shape.slots} processes share one memory")

    def _lock(self, number: int) -> bool:
        if self._descriptor is None:
            return True
        with suppress(BlockingIOError, PermissionError):
            # Locks of this kind belong to a process; one of the open file would be shared with those that inherit it.
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            return True
        return False

    def _is_locked(self, number: int) -> bool:
        """Whether another process has the slot; never asked of the own one, whose lock the question would drop."""
        if not self._lock(number):
            return True
        if self._descriptor is not None:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)
        return False

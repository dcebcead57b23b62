"""Memory that the processes of a service share: each counts in a slot of its own, and who is asked adds all up.

It has no file: a process that writes into a mapped file is killed where the disk is full, and a folder of files would
have to be cleared. A slot is claimed by a lock that the kernel drops with its process, however that ends, so counts of
a process that is gone stay, and the next one in its slot goes on from them.

A slot is written by the event loop of its process alone, without a lock; a cell is eight bytes and read at once.
"""

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TypeAlias

from ledger.limits import METRICS_CELLS_MAX, METRICS_SLOTS_MAX

Cells: TypeAlias = "memoryview[float]"
"""64-bit floats."""

_CELL_BYTES = 8
_SLOT_BYTES = METRICS_CELLS_MAX * _CELL_BYTES
_BYTES = METRICS_SLOTS_MAX * _SLOT_BYTES


class NoSlotLeft(OSError):
    """More processes count in one memory than a service can have."""


def create_memory() -> int:
    """Descriptor of new memory, all zero. Children that inherit it share it; only pages that are written take room."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("order-ledger-metrics")
        os.ftruncate(descriptor, _BYTES)
        return descriptor
    with tempfile.TemporaryFile() as file:
        # Written and not only made longer, or a page might find no room on the disk later.
        file.write(bytes(_BYTES))
        file.flush()
        return os.dup(file.fileno())


class Memory:
    """The memory as one process sees it, with the slot that it has claimed.

    Args:
        descriptor: of memory that is shared; None for a process on its own.

    Raises:
        NoSlotLeft: all are in use.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        if descriptor is None:
            # The cells of other slots are never touched, so they take no room.
            self._mapped = mmap.mmap(-1, _SLOT_BYTES)
            self._slots_max = 1
        else:
            self._mapped = mmap.mmap(descriptor, _BYTES)
            self._slots_max = METRICS_SLOTS_MAX
        self._cells = memoryview(self._mapped).cast("d")
        self._own = self._claim()

    @property
    def own(self) -> Cells:
        """The cells of this process."""
        return self._slot(self._own)

    def slots(self, mark: float) -> Iterator[tuple[Sequence[float], bool]]:
        """The cells of each slot whose first one is ``mark``, and whether its process lives."""
        for number in range(self._slots_max):
            slot = self._slot(number)
            if slot[0] == mark:
                yield slot.tolist(), number == self._own or self._is_locked(number)

    def _slot(self, number: int) -> Cells:
        return self._cells[number * METRICS_CELLS_MAX : (number + 1) * METRICS_CELLS_MAX]

    def _claim(self) -> int:
        for number in range(self._slots_max):
            if self._lock(number):
                return number
        raise NoSlotLeft(f"more than {METRICS_SLOTS_MAX} processes share the memory of the metrics")

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

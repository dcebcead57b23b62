"""How many connections each worker has, in memory that all of them share."""

from api.shared_memory import Shape, SharedMemory
from ledger.limits import SERVICE_PROCESSES_MAX

COUNTS = Shape(slots=SERVICE_PROCESSES_MAX, cells=1)
"""A cell for each worker: one more than its connections as long as it accepts new ones, and else 0."""

_NOT_ACCEPTING = 0.0
# Connections that are not kept come and go, and their numbers differ at any time: to even them out would only cost.
_TOLERATED = 1.0
_SHARE_TOLERATED = 1 / 8


class ConnectionCounts:
    """The counts as one worker sees them. It is not counted among those that accept before ``accepts`` is called.

    Args:
        descriptor: of memory that is shared; None for a worker on its own.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._memory = SharedMemory(descriptor, COUNTS)
        self._cell = self._memory.own
        # Who had the slot before may have been killed.
        self._cell[0] = _NOT_ACCEPTING
        self._connections = 0
        self._is_accepting = False

    def accepts(self, is_accepting: bool) -> None:
        """Say whether this worker takes new connections."""
        self._is_accepting = is_accepting
        self._tell()

    def has(self, connections: int) -> None:
        """Say how many connections this worker has."""
        self._connections = connections
        self._tell()

    def another_has_fewer(self) -> bool:
        """Whether there is another worker that accepts and has clearly fewer connections than this one."""
        bound = self._cell[0] * (1 - _SHARE_TOLERATED) - _TOLERATED
        return any(
            _NOT_ACCEPTING < theirs < bound and self._memory.lives(number)
            for number, theirs in enumerate(self._memory.first_cells())
        )

    def _tell(self) -> None:
        self._cell[0] = self._connections + 1.0 if self._is_accepting else _NOT_ACCEPTING

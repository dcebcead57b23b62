"""Which answers of a load count, and how long each took."""

import time
from array import array

from ops.bench.throughput.plan import Outcome


class Tally:
    """Counts between ``begin`` and ``end``."""

    def __init__(self) -> None:
        self._times_s = array("d")
        self._began = self._ended = 0.0
        self._processor_s = 0.0
        self._counts = False

    @property
    def answers(self) -> int:
        """How many have counted until now."""
        return len(self._times_s)

    def begin(self) -> None:
        """From now on answers count."""
        self._began, self._processor_s = time.perf_counter(), -time.process_time()
        self._counts = True

    def end(self) -> None:
        """And now no more."""
        self._ended = time.perf_counter()
        self._processor_s += time.process_time()
        self._counts = False

    def answered(self, since: float, now: float) -> None:
        """An answer to a request that was, or should have been, sent at ``since``."""
        if self._counts:
            self._times_s.append(now - since)

    def outcome(self) -> Outcome:
        """The result, after ``end``."""
        times_s = sorted(self._times_s)
        return Outcome(
            answers=len(times_s),
            seconds=self._ended - self._began,
            p50_ms=_at(times_s, 0.50) * 1000,
            p99_ms=_at(times_s, 0.99) * 1000,
            processor_s=self._processor_s,
        )


def _at(ordered: list[float], share: float) -> float:
    """The smallest value that this share of all do not exceed; 0 where there is none."""
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0.0

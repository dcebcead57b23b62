"""Counters, gauges and histograms over the cells of a process, and their sums over all processes.

Each is made once, with all series that it can have, so counting is an addition at a known place: no look-up of labels,
no lock, and nothing that a client sends can make a series.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from api.shared_memory import Cells, Shape, SharedMemory
from ledger.limits import METRICS_CELLS_MAX, SERVICE_PROCESSES_MAX

Labels = tuple[str, ...]

MEMORY = Shape(slots=SERVICE_PROCESSES_MAX, cells=METRICS_CELLS_MAX)
"""What the processes of a service count in together."""

_NO_LABELS: tuple[Labels, ...] = ((),)


class Kind(Enum):
    """What a family is to Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """Series of one name. ``width`` cells each from ``first`` on, in the order of ``series``; bounds of histograms."""

    kind: Kind
    name: str
    text: str
    labels: Labels
    series: tuple[Labels, ...]
    first: int
    bounds: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Cells of a series: of a histogram each bucket, the one above all bounds, and the sum."""
        return len(self.bounds) + 2 if self.kind is Kind.HISTOGRAM else 1

    @property
    def end(self) -> int:
        """The first cell behind it."""
        return self.first + self.width * len(self.series)


class Counter:
    """Only grows."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: Cells, at: int) -> None:
        self._cells = cells
        self._at = at

    def add(self, amount: float = 1.0) -> None:
        """Count."""
        self._cells[self._at] += amount


class Gauge:
    """Holds what was set last, as long as its process lives."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: Cells, at: int) -> None:
        self._cells = cells
        self._at = at

    def set(self, value: float) -> None:
        """Say how it is now."""
        self._cells[self._at] = value


class Histogram:
    """Counts values by the smallest bound that is not below them."""

    __slots__ = ("_at", "_bounds", "_cells", "_sum")

    def __init__(self, cells: Cells, at: int, bounds: tuple[float, ...]) -> None:
        self._cells = cells
        self._at = at
        self._bounds = bounds
        self._sum = at + len(bounds) + 1

    def observe(self, value: float) -> None:
        """Count a value."""
        cells = self._cells
        cells[self._at + bisect_left(self._bounds, value)] += 1.0
        cells[self._sum] += value


class Instruments:
    """The instruments of a process, in the order in which they are made; ``seal`` them before the first is used."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        self._families: list[Family] = []
        self._cells = memory.own
        self._mark = 0.0

    @property
    def families(self) -> Sequence[Family]:
        """All of them."""
        return self._families

    def counter(
        self, name: str, text: str, labels: Labels = (), series: tuple[Labels, ...] = _NO_LABELS
    ) -> dict[Labels, Counter]:
        """Counters by the values of their labels."""
        family = self._add(Kind.COUNTER, name, text, labels=labels, series=series)
        return {each: Counter(self._cells, at) for each, at in _places(family)}

    def gauge(
        self, name: str, text: str, labels: Labels = (), series: tuple[Labels, ...] = _NO_LABELS
    ) -> dict[Labels, Gauge]:
        """Gauges by the values of their labels."""
        family = self._add(Kind.GAUGE, name, text, labels=labels, series=series)
        return {each: Gauge(self._cells, at) for each, at in _places(family)}

    def histogram(
        self,
        name: str,
        text: str,
        bounds: tuple[float, ...],
        labels: Labels = (),
        series: tuple[Labels, ...] = _NO_LABELS,
    ) -> dict[Labels, Histogram]:
        """Histograms by the values of their labels; ``bounds`` ascend."""
        family = self._add(Kind.HISTOGRAM, name, text, labels=labels, series=series, bounds=bounds)
        return {each: Histogram(self._cells, at, bounds) for each, at in _places(family)}

    def seal(self) -> None:
        """Go on from the counts of a process that had the slot before, unless its instruments were others.

        During an upgrade processes of two versions may share the memory; each version adds up its own.
        """
        self._mark = _mark(self._families)
        if self._cells[0] != self._mark:
            for at in range(len(self._cells)):
                self._cells[at] = 0.0
            self._cells[0] = self._mark
        for family in self._families:
            if family.kind is Kind.GAUGE:
                for at in range(family.first, family.end):
                    self._cells[at] = 0.0

    def totals(self) -> list[float]:
        """The sums of all cells: counts over all processes that ever were, gauges over those that live."""
        totals = [0.0] * (self._families[-1].end if self._families else 1)
        for cells, lives in self._memory.slots(self._mark):
            for family in self._families:
                if lives or family.kind is not Kind.GAUGE:
                    for at in range(family.first, family.end):
                        totals[at] += cells[at]
        return totals

    def _add(
        self,
        kind: Kind,
        name: str,
        text: str,
        *,
        labels: Labels,
        series: tuple[Labels, ...],
        bounds: tuple[float, ...] = (),
    ) -> Family:
        first = self._families[-1].end if self._families else 1
        family = Family(kind, name, text, labels, series, first, bounds)
        assert family.end <= METRICS_CELLS_MAX, "METRICS_CELLS_MAX is too small for all instruments"
        self._families.append(family)
        return family


def _places(family: Family) -> Iterator[tuple[Labels, int]]:
    return ((each, family.first + number * family.width) for number, each in enumerate(family.series))


def _mark(families: Sequence[Family]) -> float:
    """What tells these instruments from others; a number above 0 that a float holds exactly."""
    digest = hashlib.sha256(repr(families).encode()).digest()
    return float(int.from_bytes(digest[:6], "big") or 1)

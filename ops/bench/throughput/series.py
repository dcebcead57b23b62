"""Contenders measured in turn, so that whatever else the machine does falls on all of them."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ops.bench.throughput.load import Measured


@dataclass(frozen=True, slots=True)
class Contender:
    """One that takes part: ``measure`` makes a round, and ``settle`` waits until it has left nothing undone.

    ``settle`` tells how many seconds that took.
    """

    name: str
    measure: Callable[[], Measured]
    settle: Callable[[], float] = lambda: 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """The rounds of a contender. All figures are medians over them."""

    name: str
    rounds: list[Measured] = field(default_factory=list)
    settled_s: list[float] = field(default_factory=list)

    @property
    def rate_per_s(self) -> float:
        """Answers a second."""
        return statistics.median(each.rate_per_s for each in self.rounds)

    @property
    def p50_ms(self) -> float | None:
        """The median time of an answer."""
        return _median(each.outcome.p50_ms for each in self.rounds)

    @property
    def p99_ms(self) -> float | None:
        """The time that one answer in a hundred exceeds."""
        return _median(each.outcome.p99_ms for each in self.rounds)

    @property
    def worked_us(self) -> float:
        """Microseconds of processor time an answer, of all but the generator of load."""
        return sum(self.processor_us(name) for name in self.rounds[0].processor_us if name != "load")

    def processor_us(self, name: str) -> float:
        """Those of the service, the database or the load; 0 where it has no such part."""
        return statistics.median(each.processor_us.get(name, 0.0) for each in self.rounds)


def in_turn(contenders: Sequence[Contender], rounds: int) -> list[Series]:
    """Measure each so many times: the first of all, the second of all, and so on."""
    found = [Series(each.name) for each in contenders]
    for _ in range(rounds):
        for contender, series in zip(contenders, found, strict=True):
            series.rounds.append(contender.measure())
            series.settled_s.append(contender.settle())
    return found


def _median(values: Iterator[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None

"""Metrics in the form that Prometheus reads: what processes count, and what the database says at that moment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from api.metrics.database_families import database_families
from api.metrics.database_figures import DatabaseFigures
from api.metrics.instruments import Family, Instruments, Kind
from api.metrics.service import PREFIX


@dataclass(frozen=True, slots=True)
class Exposition:
    """A body, and its type."""

    body: bytes
    content_type: str


_FEW_SERIES = 8


def exposition(instruments: Instruments, figures: DatabaseFigures | None, accept: str) -> Exposition:
    """All metrics.

    Args:
        figures: None where the database does not answer.
        accept: the header of the request; without a wish it is the plain text format.
    """
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready([_build_info(), *process_families(instruments), *database_families(figures)]))
    return Exposition(encode(registry), content_type)


class _Ready(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def process_families(instruments: Instruments) -> Iterator[Metric]:
    """What the processes of the service count, added up."""
    totals = instruments.totals()
    for family in instruments.families:
        yield _FAMILIES[family.kind](family, totals)


def _counters(family: Family, totals: Sequence[float]) -> Metric:
    found = CounterMetricFamily(family.name, family.text, labels=family.labels)
    for number, labels in enumerate(family.series):
        found.add_metric(labels, totals[family.first + number])
    return found


def _gauges(family: Family, totals: Sequence[float]) -> Metric:
    found = GaugeMetricFamily(family.name, family.text, labels=family.labels)
    for number, labels in enumerate(family.series):
        found.add_metric(labels, totals[family.first + number])
    return found


def _histograms(family: Family, totals: Sequence[float]) -> Metric:
    """Of a family with many series those that have counted something: most operations are never asked for."""
    found = HistogramMetricFamily(family.name, family.text, labels=family.labels)
    names = [*map(floatToGoString, family.bounds), "+Inf"]
    for number, labels in enumerate(family.series):
        first = family.first + number * family.width
        *counts, total = totals[first : first + family.width]
        buckets: list[tuple[str, float]] = []
        below = 0.0
        for name, count in zip(names, counts, strict=True):
            below += count
            buckets.append((name, below))
        if below or len(family.series) <= _FEW_SERIES:
            found.add_metric(labels, buckets, total)
    return found


_FAMILIES = {Kind.COUNTER: _counters, Kind.GAUGE: _gauges, Kind.HISTOGRAM: _histograms}


def _build_info() -> Metric:
    found = GaugeMetricFamily(f"{PREFIX}build_info", "The version that runs", labels=("version", "python"))
    found.add_metric((version("order-ledger"), python_version()), 1)
    return found

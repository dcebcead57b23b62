"""Counters, gauges and histograms, and what Prometheus reads of them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics.exposition import exposition
from api.metrics.instruments import MEMORY, Instruments
from api.shared_memory import SharedMemory
from ledger.limits import METRICS_CELLS_MAX


@pytest.fixture
def instruments() -> Instruments:
    return Instruments(SharedMemory(None, MEMORY))


def read(instruments: Instruments) -> dict[tuple[str, tuple[str, ...]], float]:
    """Samples by name and the values of their labels."""
    text = exposition(instruments, None, "").body.decode()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_values_are_counted_below_the_smallest_bound_that_they_do_not_exceed(instruments: Instruments) -> None:
    histogram = instruments.histogram("taken", "text", (1.0, 2.5))[()]
    instruments.seal()
    for value in (0.0, 1.0, 1.1, 2.5, 2.6, 1000.0):
        histogram.observe(value)
    found = read(instruments)
    buckets = {labels[0]: value for (name, labels), value in found.items() if name == "taken_bucket"}
    assert buckets == {"1.0": 2, "2.5": 4, "+Inf": 6}
    assert found["taken_count", ()] == 6
    assert found["taken_sum", ()] == pytest.approx(1007.2)


def test_series_of_one_family_are_counted_apart(instruments: Instruments) -> None:
    counters = instruments.counter("asked", "text", ("how",), (("well",), ("badly",)))
    other = instruments.counter("other", "text")[()]
    instruments.seal()
    counters["well",].add()
    counters["badly",].add(2)
    other.add(4)
    found = read(instruments)
    assert (found["asked_total", ("well",)], found["asked_total", ("badly",)], found["other_total", ()]) == (1, 2, 4)


def test_of_many_series_those_are_told_that_have_counted(instruments: Instruments) -> None:
    """An answer holds what happens, and not every operation that could."""
    names = tuple((str(number),) for number in range(20))
    made = instruments.histogram("taken", "text", (1.0,), ("which",), names)
    instruments.seal()
    made["7",].observe(1)
    assert {labels[-1] for name, labels in read(instruments) if name == "taken_count"} == {"7"}


def test_of_few_series_all_are_told_so_that_the_first_count_is_a_change(instruments: Instruments) -> None:
    instruments.histogram("taken", "text", (1.0,), ("how",), (("well",), ("badly",)))
    instruments.seal()
    assert {labels[-1] for name, labels in read(instruments) if name == "taken_count"} == {"well", "badly"}


def test_text_of_labels_is_written_so_that_it_can_be_read(instruments: Instruments) -> None:
    place = 'https://a.example/"quoted"\\path\n'
    gauge = instruments.gauge("place", "text", ("place",), ((place,),))
    instruments.seal()
    gauge[place,].set(1)
    assert read(instruments)["place", (place,)] == 1


def test_instruments_that_do_not_fit_are_told_where_they_are_made(instruments: Instruments) -> None:
    series = tuple((str(number),) for number in range(METRICS_CELLS_MAX))
    with pytest.raises(AssertionError, match="METRICS_CELLS_MAX"):
        instruments.counter("many", "text", ("number",), series)

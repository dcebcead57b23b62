"""Processes that count together: every count is kept however a process ends, and gauges tell of living ones alone."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from api.metrics.instruments import MEMORY, Instruments
from api.shared_memory import NoSlotLeft, Shape, SharedMemory, create_memory

# A process that counts as often as it is told to, says when it has, and ends when its standard input does.
CHILD = """
import sys
from tests.api.metrics.test_counting_together import Counting
counting = Counting(int(sys.argv[1]))
counting.counter.add(float(sys.argv[2]))
counting.gauge.set(float(sys.argv[2]))
counting.histogram.observe(float(sys.argv[2]))
print("counted", flush=True)
sys.stdin.read()
"""


class Counting:
    """Instruments of one process."""

    def __init__(self, descriptor: int | None, *, name: str = "counted") -> None:
        self.instruments = Instruments(SharedMemory(descriptor, MEMORY))
        self.counter = self.instruments.counter(name, "text")[()]
        self.gauge = self.instruments.gauge("gauge", "text")[()]
        self.histogram = self.instruments.histogram("histogram", "text", (1.0, 5.0))[()]
        self.instruments.seal()

    def totals(self) -> list[float]:
        """The count, the gauge, and the histogram's buckets and sum."""
        return self.instruments.totals()[1:]


@pytest.fixture
def shared() -> Iterator[int]:
    descriptor = create_memory(MEMORY)
    yield descriptor
    os.close(descriptor)


def counting_process(descriptor: int, amount: float) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(descriptor), str(amount)],
        pass_fds=[descriptor],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b"counted\n"
    return process


def end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.stdout.close()
    process.wait(60)


def test_what_is_told_is_the_sum_over_all_processes(shared: int) -> None:
    own = Counting(shared)
    own.counter.add(1)
    own.gauge.set(10)
    own.histogram.observe(9)
    other = counting_process(shared, 3)
    assert own.totals() == [4, 13, 0, 1, 1, 12]
    end(other)


def test_counts_of_a_process_that_was_killed_stay_and_its_gauges_go(shared: int) -> None:
    own = Counting(shared)
    other = counting_process(shared, 3)
    other.kill()
    end(other)
    assert own.totals() == [3, 0, 0, 1, 0, 3]


def test_who_takes_the_slot_of_a_process_that_is_gone_goes_on_from_its_counts(shared: int) -> None:
    own = Counting(shared)
    for amount in (3, 4):
        end(counting_process(shared, amount))
    assert own.totals()[0] == 7
    last = counting_process(shared, 5)
    assert own.totals()[:2] == [12, 5]
    end(last)


def test_processes_of_two_versions_each_add_up_their_own(shared: int) -> None:
    """During an upgrade they share the memory, and a cell means one thing to one and another to the other."""
    own = Counting(shared, name="renamed")
    own.counter.add(1)
    other = counting_process(shared, 3)
    assert own.totals()[0] == 1
    end(other)


def test_what_another_version_has_left_in_a_slot_is_no_count(shared: int) -> None:
    end(counting_process(shared, 3))
    own = Counting(shared, name="renamed")
    assert own.totals() == [0, 0, 0, 0, 0, 0]


def test_more_processes_than_there_are_slots_are_told_so(shared: int) -> None:
    other = counting_process(shared, 3)
    with pytest.raises(NoSlotLeft):
        SharedMemory(shared, Shape(slots=1, cells=MEMORY.cells))
    end(other)


def test_a_process_on_its_own_needs_no_shared_memory() -> None:
    own = Counting(None)
    own.counter.add(2)
    assert own.totals() == [2, 0, 0, 0, 0, 0]


def test_without_anonymous_files_memory_is_a_file_that_nobody_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems other than Linux; it is written whole, so no page of it finds the disk full later."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    descriptor = create_memory(MEMORY)
    found = os.fstat(descriptor)
    assert found.st_nlink == 0
    assert found.st_blocks * 512 >= found.st_size > 0
    own = Counting(descriptor)
    other = counting_process(descriptor, 3)
    assert own.totals()[0] == 3
    end(other)
    os.close(descriptor)

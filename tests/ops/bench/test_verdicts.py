"""A goal counts as met where the figures say so, and not elsewhere."""

from ops.bench.throughput.load import Measured
from ops.bench.throughput.plan import Outcome
from ops.bench.throughput.report import Report, at_least, at_most
from ops.bench.throughput.series import Contender, Series, in_turn
from ops.bench.throughput.tables import markdown
from ops.bench.throughput.works.memory import verdict

MIB = 1024**2


def measured(rate_per_s: int, worked_us: float = 100.0) -> Measured:
    outcome = Outcome(answers=rate_per_s, seconds=1.0, p50_ms=1.0, p99_ms=2.0, processor_s=0.1)
    return Measured(outcome, {"service": worked_us / 2, "database": worked_us / 2, "load": 10.0})


def series(name: str, *rates_per_s: int, worked_us: float = 100.0) -> Series:
    return Series(name, [measured(rate, worked_us) for rate in rates_per_s])


def test_rates_are_compared_by_their_medians_and_beside_it_by_processor_time() -> None:
    ours, other = series("ours", 790, 800, 5_000, worked_us=50), series("other", 90, 100, 110, worked_us=500)
    found = at_least("create", ours, other, 8)
    assert (found.measured, found.detail, found.is_met) == ("8.00", "10.00 by processor time", True)
    assert not at_least("create", ours, other, 8.1).is_met


def test_times_are_compared_the_other_way_round() -> None:
    ours, other = series("ours", 100), series("other", 210)
    assert not at_most("list", ours, other, 2).is_met
    assert at_most("list", ours, other, 2.1).is_met


def test_contenders_are_measured_in_turn_and_each_is_settled_before_the_next() -> None:
    happened: list[str] = []

    def contender(name: str) -> Contender:
        def measure() -> Measured:
            happened.append(name)
            return measured(1)

        def settle() -> float:
            happened.append(f"{name} settled")
            return 0.5

        return Contender(name, measure, settle)

    found = in_turn([contender("a"), contender("b")], 2)
    assert happened == ["a", "a settled", "b", "b settled"] * 2
    assert [each.settled_s for each in found] == [[0.5, 0.5], [0.5, 0.5]]


def test_memory_that_keeps_growing_is_told_from_memory_that_does_not() -> None:
    flat = [(done, (100 + done % 3) * MIB) for done in range(0, 10_001, 100)]
    leaking = [(done, size + done * 2_000) for done, size in flat]
    assert verdict("service", flat).is_met
    found = verdict("service", leaking)
    assert not found.is_met
    assert found.detail.startswith("+19")


def test_a_warm_up_is_no_growth() -> None:
    warming = [(done, (50 + min(done, 1_500) // 30) * MIB) for done in range(0, 10_001, 100)]
    assert verdict("service", warming).is_met


def test_the_table_names_goal_figure_and_whether_it_is_met() -> None:
    report = Report("2 cores")
    ours, other = series("ours", 300), series("bare aiohttp", 1_000)
    report.add("create", [ours, other])
    report.verdicts.append(at_least("create", ours, other, 0.4))
    text = markdown(report)
    goal = "at least 0.4 times the rate of bare aiohttp"
    assert f"| create | ours | {goal} | 0.30 | 1.00 by processor time | no |" in text
    assert "| create | ours | 300 | 300 to 300 | 1.0 | 2.0 | 50 | 50 | 10 | 0.0 |" in text

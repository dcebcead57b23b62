"""The result of a run: rows of figures, and what was to be reached against what was."""

import statistics
from collections.abc import Iterable

import msgspec

from ops.bench.throughput.series import Series


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender did in one piece of work: medians over its rounds, whose rates stand in ``rounds``.

    Processor times are microseconds an answer; after a round, all that follows the log had caught up in ``settled_s``.
    """

    work: str
    who: str
    rate_per_s: float
    p50_ms: float | None
    p99_ms: float | None
    service_us: float
    database_us: float
    load_us: float
    settled_s: float
    rounds: list[float]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A goal and what was measured; ``detail`` is what else helps to judge it."""

    work: str
    who: str
    goal: str
    measured: str
    detail: str = ""
    is_met: bool


class Report(msgspec.Struct, frozen=True):
    """All of a run. ``notes`` are sentences about what was not measured, and what to know about what was."""

    machine: str
    rows: list[Row] = []
    verdicts: list[Verdict] = []
    notes: list[str] = []

    def add(self, work: str, series: Iterable[Series]) -> None:
        """Add the rows of a piece of work."""
        self.rows.extend(_row(work, each) for each in series)


def _row(work: str, series: Series) -> Row:
    return Row(
        work=work,
        who=series.name,
        rate_per_s=series.rate_per_s,
        p50_ms=series.p50_ms,
        p99_ms=series.p99_ms,
        service_us=series.processor_us("service"),
        database_us=series.processor_us("database"),
        load_us=series.processor_us("load"),
        settled_s=statistics.median(series.settled_s or [0.0]),
        rounds=[each.rate_per_s for each in series.rounds],
    )


def at_least(work: str, ours: Series, other: Series, bound: float) -> Verdict:
    """Ours is to answer at least so many times as many requests a second as the other does."""
    ratio = ours.rate_per_s / other.rate_per_s
    worked = other.worked_us / ours.worked_us if ours.worked_us else None
    goal = f"at least {bound:g} times the rate of {other.name}"
    return _verdict(work, ours, goal, ratio, worked, is_met=ratio >= bound)


def at_most(work: str, ours: Series, other: Series, bound: float) -> Verdict:
    """An answer of ours is to take at most so many times as long as one of the other's, at the same load."""
    ratio = other.rate_per_s / ours.rate_per_s
    worked = ours.worked_us / other.worked_us if other.worked_us else None
    goal = f"at most {bound:g} times the time of {other.name}"
    return _verdict(work, ours, goal, ratio, worked, is_met=ratio <= bound)


def _verdict(work: str, ours: Series, goal: str, ratio: float, worked: float | None, *, is_met: bool) -> Verdict:
    detail = "" if worked is None else f"{worked:.2f} by processor time"
    return Verdict(work=work, who=ours.name, goal=goal, measured=f"{ratio:.2f}", detail=detail, is_met=is_met)

"""Whether the memory of the service grows with what it has done."""

import statistics
from collections.abc import Sequence

from ops.bench.throughput import forms
from ops.bench.throughput.load import run_load
from ops.bench.throughput.plan import Plan
from ops.bench.throughput.processors import resident_bytes
from ops.bench.throughput.report import Report, Verdict
from ops.bench.throughput.stage import Stage

WORK = "memory"
# Memory is given back and taken again all the time: so much more at the end than behind the warm-up is no growth.
GROWTH_MAX = 0.05

_WARM_UP = 0.2
_PART = 0.1
_MIB = 1024**2

Samples = Sequence[tuple[int, int]]
"""Commands done, and bytes of all processes of the service then."""


def measure(stage: Stage, report: Report) -> None:
    """Let a service do many creates, and look at its memory meanwhile."""
    count = stage.options.memory_commands
    samples: list[tuple[int, int]] = []
    with stage.fresh_service("memory") as service:
        task = stage.progress.add_task(f"memory over {count:,} commands", total=count)

        def look(done: int) -> None:
            samples.append((done, resident_bytes(service.pid)))
            stage.progress.update(task, completed=done)

        plan = Plan(
            port=service.port,
            connections=stage.options.connections,
            requests=forms.creates(service.key),
            count=count,
        )
        run_load(plan, {}, on_answers=look)
    report.verdicts.append(verdict(f"{service.called}, {count:,} commands", samples))


def verdict(who: str, samples: Samples) -> Verdict:
    """No growth: the median of the last tenth is hardly above that of the tenth behind the warm-up, a fifth of all."""
    count = samples[-1][0]
    warm = _median(samples, count * _WARM_UP, count * (_WARM_UP + _PART))
    end = _median(samples, count * (1 - _PART), count)
    slope = _slope([(done, size) for done, size in samples if done >= count * _WARM_UP])
    return Verdict(
        work=WORK,
        who=who,
        goal=f"at the end at most {GROWTH_MAX:.0%} more than after a fifth",
        measured=f"{warm / _MIB:.0f} → {end / _MIB:.0f} MiB",
        detail=f"{slope * 1e6 / _MIB:+.1f} MiB a million commands",
        is_met=end <= warm * (1 + GROWTH_MAX),
    )


def _median(samples: Samples, start: float, end: float) -> float:
    within = [size for done, size in samples if start <= done <= end]
    # So few samples that none falls there: the nearest one.
    return statistics.median(within) if within else min(samples, key=lambda sample: abs(sample[0] - start))[1]


def _slope(samples: Samples) -> float:
    """Bytes a command, by least squares."""
    if len({done for done, _ in samples}) < 2:
        return 0.0
    return statistics.linear_regression([done for done, _ in samples], [size for _, size in samples]).slope

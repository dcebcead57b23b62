"""How long a create takes where the service has as much to do again as it can do."""

from ops.bench.throughput import forms
from ops.bench.throughput.measuring import measured, of_half_loaded_service
from ops.bench.throughput.report import Report, Verdict
from ops.bench.throughput.stage import Stage

WORK = "create at half the peak"
P99_MS_MAX = 25.0


def measure(stage: Stage, report: Report) -> None:
    """Measure creates at half the rate that each service has just reached, kept up whatever the answers do."""
    ours = [of_half_loaded_service(stage, each, forms.creates(each.key)) for each in stage.services]
    series = measured(stage, WORK, ours)
    report.add(WORK, series)
    for each in series:
        p99_ms = each.p99_ms or 0.0
        report.verdicts.append(
            Verdict(
                work=WORK,
                who=each.name,
                goal=f"p99 under {P99_MS_MAX:g} ms",
                measured=f"{p99_ms:.1f} ms",
                detail=f"{each.rate_per_s:,.0f} a second",
                is_met=p99_ms < P99_MS_MAX,
            )
        )

"""How fast views are built again from the log, and the log is verified with all its views (``ops.bench.rebuild``)."""

import asyncio

from ops.bench.past_database import past_database
from ops.bench.rebuild import Bench, Pace, measured_alone, prepare
from ops.bench.throughput.report import Report, Verdict
from ops.bench.throughput.stage import Stage
from ops.target import Target

EVENTS_PER_S_MIN = 20_000

_WORKS = {
    "rebuild": {"orders": "orders, compared", "order_versions": "order_versions, compared"},
    "verify": {"all views": "verify, all views"},
}


def measure(stage: Stage, report: Report) -> None:
    """Measure both on the log of a shop, each in a process of its own."""
    address = asyncio.run(past_database(stage.large_postgres, stage.options.log_orders, "short", stage.progress))
    bench = Bench(address, Target(stage.folder / "log"))
    bench.target.data_dir.mkdir(exist_ok=True)
    asyncio.run(prepare(bench))
    for work, names in _WORKS.items():
        for who, name in names.items():
            task = stage.progress.add_task(f"{work}: {who}", total=None)
            report.verdicts.append(_verdict(work, who, measured_alone(bench, name)))
            stage.progress.update(task, total=1, completed=1)


def _verdict(work: str, who: str, pace: Pace) -> Verdict:
    return Verdict(
        work=work,
        who=f"{who}, {pace.events:,} events",
        goal=f"at least {EVENTS_PER_S_MIN:,} events/s",
        measured=f"{pace.events_per_s:,.0f}",
        detail=f"{1e6 / (pace.own_us + pace.server_us):,.0f} a second of one core",
        is_met=pace.events_per_s >= EVENTS_PER_S_MIN,
    )

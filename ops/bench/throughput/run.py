"""A run from its start to its report."""

from pathlib import Path

from rich.progress import Progress

from ops.bench.throughput.machine import described
from ops.bench.throughput.options import Options
from ops.bench.throughput.report import Report
from ops.bench.throughput.stage import Stage
from ops.bench.throughput.works import create, latency, log_speed, memory, reads, scale, update


def run(options: Options, folder: Path, progress: Progress, kept: Path | None = None) -> Report:
    """Measure what the options name.

    Args:
        folder: for databases and everything else that is written.
        kept: for databases that take long to fill, to be used again by the next run.

    Raises:
        BenchFailed: something did not do its work.
        EmbeddedPostgresError: the server cannot be had.
    """
    report = Report(described())
    with Stage(options, folder, progress, kept) as stage:
        _beside_peers(stage, report)
    # A stage for each: what has been measured would stand about, and wake up now and then.
    for name, measure in (("scale", scale.measure), ("memory", memory.measure), ("log", log_speed.measure)):
        if name in options.works:
            with Stage(options, _made(folder / name), progress, kept) as stage:
                measure(stage, report)
    return report


def _beside_peers(stage: Stage, report: Report) -> None:
    works = stage.options.works
    # Reads first: their peer has the orders as they are at first.
    if "retrieve" in works:
        reads.retrieve(stage, report)
    if "list" in works:
        reads.pages(stage, report)
    if "create" in works:
        create.measure(stage, report)
    if "update" in works:
        update.measure(stage, report)
    if "latency" in works:
        latency.measure(stage, report)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder

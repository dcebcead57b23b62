"""``order-ledger bench``: the service beside its peers, in one run."""

import contextlib
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from ops.bench.throughput.machine import load_average
from ops.bench.throughput.options import WORKS, Options, quick
from ops.bench.throughput.report import Report
from ops.bench.throughput.run import run
from ops.bench.throughput.tables import markdown, tables
from ops.cli.options import AsJson, out
from ops.cli.printing import print_json
from ops.cli.progress import progress_bars

_DEFAULT = Options()
_BUSY = 0.5
_WIDTH = 160


def bench(
    only: Annotated[
        str, typer.Option("--only", help=f"Only these, apart by commas: {', '.join(WORKS)}.", show_default=False)
    ] = "",
    seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of a round that count.")] = _DEFAULT.seconds,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each, in turn.")] = _DEFAULT.rounds,
    connections: Annotated[int, typer.Option(min=1, max=1000, help="Connections at once.")] = _DEFAULT.connections,
    workers: Annotated[str, typer.Option(help="Numbers of workers to measure, apart by commas.")] = "1,2",
    size: Annotated[int, typer.Option(min=1, help="Orders of the large database.")] = _DEFAULT.size,
    memory_commands: Annotated[
        int, typer.Option(min=100, help="Commands over which memory is watched.")
    ] = _DEFAULT.memory_commands,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep the large databases here, for the next run.", show_default=False),
    ] = None,
    is_quick: Annotated[
        bool, typer.Option("--quick", help="All in little time: shows that it works, not how fast it is.")
    ] = False,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables to this file, too.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the service beside its peers: rates, latencies, processor time and memory.

    Starts a PostgreSQL, services and peers of its own in a temporary folder, and ends them. Nothing of yours is
    touched. Run it on a machine that does nothing else: figures of others' work would be in it. docs/performance.md
    tells what is measured and how.
    """
    options = Options(
        works=_works(only),
        seconds=seconds,
        rounds=rounds,
        connections=connections,
        workers=_numbers(workers),
        size=size,
        memory_commands=memory_commands,
    )
    if is_quick:
        options = replace(quick(options), seconds=min(seconds, 1.0))
    busy = load_average()
    # What runs is ended in order then, too.
    signal.signal(signal.SIGTERM, _stop)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        report = run(options, folder, stack.enter_context(progress_bars()), keep)
    if busy > _BUSY:
        report.notes.append(f"The machine was busy before the run began (load {busy:.1f}): others' work is in it.")
    if markdown_file is not None:
        markdown_file.write_text(markdown(report), encoding="utf-8")
    _print(report, as_json)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(report))
        return
    # Wide enough for a line of figures, also where no terminal tells a width.
    console = Console(soft_wrap=True, highlight=False, width=max(out.width, _WIDTH))
    for part in (report.machine, *tables(report), *report.notes):
        console.print(part, end="\n\n")


def _works(only: str) -> tuple[str, ...]:
    named = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := sorted(set(named) - set(WORKS)):
        raise typer.BadParameter(f"no such work: {unknown[0]}", param_hint="--only")
    return tuple(named) or WORKS


def _numbers(workers: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(each) for each in workers.split(",")))
    except ValueError:
        found = ()
    if not found or min(found) < 1:
        raise typer.BadParameter("numbers of 1 or more, apart by commas", param_hint="--workers")
    return found

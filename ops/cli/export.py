"""``order-ledger export``: a site's log as a file."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ledger.limits import INTEGER_MAX
from ops.cli.options import DATA_DIR, DatabaseUrl, DataDir, err, run_with_pool
from ops.cli.pipes import quiet_when_nobody_reads
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.export import ExportFormat, ExportRange, export_range
from ops.export import export as write_export
from ops.target import Target

Write = Callable[[bytes], object]


def export(
    site: MaybeSite = None,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="jsonl: exact bodies, for auditors. csv: a table, for people.")
    ] = ExportFormat.JSONL,
    first: Annotated[
        int, typer.Option("--from", min=1, max=INTEGER_MAX, help="First position; an audit needs it to be 1.")
    ] = 1,
    last: Annotated[
        int | None,
        typer.Option("--to", min=0, max=INTEGER_MAX, help="Last position; the present end unless given."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; standard output unless given.", dir_okay=False)
    ] = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a site's log, one line an event, up to what was its end when the export began.

    A line of jsonl is {"position":1,"body":"..."}: the body is the exact text that was hashed, and the single-file
    auditor reads such an export. A file appears under its name once it is complete.

    csv has a heading and a sentence for each event. Characters that do not show are spelled out, as \\n for the end of
    a line, and a cell that begins with =, +, -, @ or an apostrophe has an apostrophe put before it, so that no
    spreadsheet takes it for a formula.
    """

    async def work(pool: asyncpg.Pool) -> None:
        name = await chosen_site(pool, site)
        wanted = await export_range(pool, name, first, last)
        with _opened(file) as write, _progress(wanted) as show:
            await write_export(pool, name, wanted, form, write=write, on_event=show)

    with quiet_when_nobody_reads():
        run_with_pool(Target(data_dir, database_url), work, read_only=True)


@contextlib.contextmanager
def _opened(file: Path | None) -> Iterator[Write]:
    """Where to write. A file gets its name once all of it is on the disk, and is left as it was otherwise."""
    if file is None or str(file) == "-":
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as target:
            yield target.write
            target.flush()
            os.fsync(target.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _progress(wanted: ExportRange) -> Iterator[Callable[[int], object]]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task("events", total=wanted.count)
        yield lambda done: bar.update(task, completed=done)

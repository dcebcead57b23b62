"""Bars for work that is done in steps, one for each kind of it, on standard error and for people alone."""

import contextlib
from collections.abc import Iterator

from rich.progress import TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from ops.backup.progress import OnProgress
from ops.cli.progress import progress_bars


@contextlib.contextmanager
def step_bars() -> Iterator[OnProgress]:
    """Gives what is told each step."""
    bars = progress_bars(
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}", table_column=Column(ratio=1, no_wrap=True)),
        expand=True,
    )
    tasks: dict[str, TaskID] = {}

    def on_progress(what: str, done: int, count: int | None, step: str) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=count, step="")
        bars.update(tasks[what], completed=done, total=count, step=step)

    with bars:
        yield on_progress

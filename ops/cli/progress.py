"""Progress on standard error, for people at a terminal alone."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from ops.cli.options import err


def progress_bars(*columns: ProgressColumn, expand: bool = False) -> Progress:
    """Bars with what is done and how much of it; behind that ``columns``, or the time where there are none."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *(columns or (TimeElapsedColumn(),)),
        console=err,
        transient=True,
        expand=expand,
        disable=not err.is_terminal,
    )

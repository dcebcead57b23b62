"""``order-ledger invoices``: take in Chargebee invoices."""

import io
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated

import asyncpg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, SiteName, err, run_with_pool
from ops.cli.printing import print_json
from ops.invoice_loading import Loaded, load_file
from ops.target import Target

app = typer.Typer(help="Take in Chargebee invoices.", no_args_is_help=True)

_REFUSALS_SHOWN_MAX = 100


@app.callback()
def invoices() -> None:
    """Take in Chargebee invoices."""


@app.command()
def load(
    site: SiteName,
    file: Annotated[str, typer.Argument(help="JSON lines, a JSON array or objects; - is standard input.")],
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Load invoices as Chargebee describes them, so that orders can be made for them.

    Prints how many were loaded, were known already, and were refused, with line and reason. Exit status 1 if any
    was refused; the others are loaded all the same.
    """

    async def work(pool: asyncpg.Pool) -> Loaded:
        with _open(file) as text, _progress() as bar:
            task = bar.add_task("invoices", total=None)

            def show(so_far: Loaded) -> None:
                bar.update(task, completed=so_far.loaded + so_far.unchanged + len(so_far.refused))

            return await load_file(pool, site, text, on_entry=show)

    result = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json(asdict(result))
    else:
        _print(result)
    if result.refused:
        raise typer.Exit(1)


def _open(file: str) -> AbstractContextManager[IO[str]]:
    # Bytes that are no UTF-8 become lone surrogates: their line is refused and stops nothing.
    if file != "-":
        return Path(file).open(encoding="utf-8-sig", errors="surrogateescape")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return nullcontext(sys.stdin)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _print(result: Loaded) -> None:
    print(f"loaded {result.loaded}, unchanged {result.unchanged}, refused {len(result.refused)}")
    for line, reason in result.refused[:_REFUSALS_SHOWN_MAX]:
        print(f"  line {line}: {reason}")
    if len(result.refused) > _REFUSALS_SHOWN_MAX:
        print(f"  and {len(result.refused) - _REFUSALS_SHOWN_MAX} more; --json lists all")

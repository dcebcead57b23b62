"""``order-ledger invoices``: take in Chargebee invoices, and bring their orders up to date."""

import io
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated

import asyncpg
import typer

from ledger.processes.parked_invoices import ParkedInvoice
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, SiteName, run_with_pool
from ops.cli.printing import moment, print_json, print_table
from ops.cli.progress import progress_bars
from ops.invoice_loading import Loaded, load_file
from ops.reconciliation import Reconciled, Reconciliation, reconciliation_of
from ops.target import Target
from projections.visible_text import visible

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
        with _open(file) as text, progress_bars() as bar:
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


@app.command()
def reconcile(
    site: SiteName,
    invoices: Annotated[list[str] | None, typer.Argument(help="Ids of invoices; the parked ones unless given.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every invoice of the site.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Record nothing, and say what would be.")] = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Bring the orders of invoices to where the invoices have come, as the service does by itself.

    Generates the orders that are due and changes those that are there; where nothing differs, nothing happens. Then
    lists what is parked: invoices that the service could not bring up to date and tries again. Exit status 1 if any
    is, or could not be done now.
    """

    async def work(pool: asyncpg.Pool) -> tuple[list[Reconciled], list[ParkedInvoice]]:
        reconciliation = await reconciliation_of(pool, site, dry_run=dry_run)
        try:
            done = [
                await _reconciled(reconciliation, invoice_id, shown=not as_json)
                async for invoice_id in _chosen(reconciliation, invoices, every=every)
            ]
            return done, await reconciliation.parked()
        finally:
            await reconciliation.close()

    done, parked = run_with_pool(Target(data_dir, database_url), work)
    if as_json:
        print_json({"invoices": done, "parked": parked})
    else:
        print(f"{len(done)} looked at, {sum(1 for each in done if each.events)} {'differ' if dry_run else 'changed'}")
        _print_parked(parked)
    if parked or any(each.reason for each in done):
        raise typer.Exit(1)


async def _chosen(reconciliation: Reconciliation, named: list[str] | None, *, every: bool) -> AsyncIterator[str]:
    if every:
        async for invoice_id in reconciliation.every_invoice():
            yield invoice_id
        return
    for invoice_id in named or [each.invoice_id for each in await reconciliation.parked()]:
        yield invoice_id


async def _reconciled(reconciliation: Reconciliation, invoice_id: str, *, shown: bool) -> Reconciled:
    done = await reconciliation.run(invoice_id)
    if shown and done.reason:
        print(f"{visible(invoice_id)}: {done.reason}")
    for event in done.events if shown else ():
        print(f"{visible(invoice_id)}: {event.type} {visible(event.stream)}")
    return done


def _print_parked(parked: list[ParkedInvoice]) -> None:
    if not parked:
        return
    print("parked:")
    print_table(
        ("INVOICE", "PARKED", "ATTEMPTS", "NEXT", "REASON"),
        [
            (visible(each.invoice_id), moment(each.parked_at), each.attempts, moment(each.next_at), each.reason)
            for each in parked
        ],
    )


def _open(file: str) -> AbstractContextManager[IO[str]]:
    # Bytes that are no UTF-8 become lone surrogates: their line is refused and stops nothing.
    if file != "-":
        return Path(file).open(encoding="utf-8-sig", errors="surrogateescape")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return nullcontext(sys.stdin)


def _print(result: Loaded) -> None:
    print(f"loaded {result.loaded}, unchanged {result.unchanged}, refused {len(result.refused)}")
    for line, reason in result.refused[:_REFUSALS_SHOWN_MAX]:
        print(f"  line {line}: {reason}")
    if len(result.refused) > _REFUSALS_SHOWN_MAX:
        print(f"  and {len(result.refused) - _REFUSALS_SHOWN_MAX} more; --json lists all")

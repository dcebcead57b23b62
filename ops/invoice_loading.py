"""Loading invoices into a site: many at once, since commands that arrive together share a commit."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

import asyncpg

from api.schemas.invoice import read_invoice
from ledger.appender import Appender
from ledger.errors import LedgerError, ResourceNotFound
from ledger.handler import Caller, CommandHandler
from ledger.ids import IdSource, Site
from ledger.sites import Sites
from ledger.store import Store
from ops.invoice_files import Entry, read_entries
from ops.operator import operator
from projections.order_row import order_row

# Enough to fill a batch, few enough to stay below the appender's queue.
_CONCURRENT = 100


@dataclass(slots=True)
class Loaded:
    """What became of the entries. ``refused`` names line and reason of each."""

    loaded: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


async def load_file(
    pool: asyncpg.Pool, site: str, file: IO[str], *, on_entry: Callable[[Loaded], None] = lambda _: None
) -> Loaded:
    """Load a file of invoices into a site (``ops.invoice_files`` says in which forms).

    Raises:
        ResourceNotFound: there is no such site.
    """
    known = {record.site: record for record in await Sites(pool).list_sites()}
    if site not in known:
        raise ResourceNotFound(f"There is no site {site}.")
    ids = IdSource()
    appender = Appender(pool)
    handler = CommandHandler(Store(pool), appender, row_of=order_row, ids=ids)
    caller = operator(Site(site), live=known[site].live, ids=ids)
    try:
        return await load_invoices(handler, caller, read_entries(file), on_entry=on_entry)
    finally:
        await appender.close()


async def load_invoices(
    handler: CommandHandler,
    caller: Caller,
    entries: Iterable[Entry],
    *,
    on_entry: Callable[[Loaded], None] = lambda _: None,
) -> Loaded:
    """Record every entry as an invoice; a bad one is refused and the others go on.

    Entries of one invoice are taken in their order.
    """
    result = Loaded()

    async def load(entry: Entry) -> None:
        try:
            if entry.fault:
                result.refused.append((entry.line, entry.fault))
            else:
                handled = await handler.handle(read_invoice(entry.value), caller)
                if handled.events:
                    result.loaded += 1
                else:
                    result.unchanged += 1
        except LedgerError as refused:
            if refused.http_status >= 500:
                raise
            result.refused.append((entry.line, refused.message))
        on_entry(result)

    for batch in _batches(entries):
        async with asyncio.TaskGroup() as tasks:
            for entry in batch:
                tasks.create_task(load(entry))
    result.refused.sort()
    return result


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == _CONCURRENT:
            yield batch
            batch = []
    if batch:
        yield batch

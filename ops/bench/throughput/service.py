"""The service under load: started as a user starts it, with everything that it does on: keys, validation, idempotency,
views, records of requests, and all that follows the log."""

import asyncio
import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import msgspec

from ledger.ids import Site
from ledger.lags import lags
from ops.bench.throughput.databases import address_of, create_database, owner_of, postmaster_of, url_of
from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.forms import INVOICES, invoice_id
from ops.bench.throughput.processes import running
from ops.database import Address, as_owner, service_pool
from ops.embedded import EmbeddedPostgres
from ops.invoice_loading import load_file
from ops.migrations import migrate
from ops.quickstart import SITE

_SERVE = "from ops.cli.main import run; run()"
_READY = "Order ledger is ready on "
_KEY = "  key   "
_LOOK_S = 0.1
_CAUGHT_UP_S_MAX = 3_600.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with its own database. ``key`` is one with full access to its site."""

    name: str
    address: Address
    postmaster: int
    pid: int
    port: int
    key: str
    workers: int

    @property
    def called(self) -> str:
        """Its name in tables."""
        return f"ours, {self.workers} worker{'s' if self.workers > 1 else ''}"

    def settle(self, on_behind: Callable[[int], None] = lambda _: None) -> float:
        """Wait until all that follows the log has caught up, so that nobody else pays for it; seconds that it took.

        Raises:
            BenchFailed: it takes longer than an hour.
        """
        began = time.monotonic()
        asyncio.run(self._settle(on_behind))
        return time.monotonic() - began

    async def analyze(self) -> None:
        """Let the planner know what the tables hold."""
        async with as_owner(self.address) as connection:
            await connection.execute("VACUUM (ANALYZE)")

    async def _settle(self, on_behind: Callable[[int], None]) -> None:
        deadline = time.monotonic() + _CAUGHT_UP_S_MAX
        async with service_pool(self.address, size_max=1) as pool:
            while behind := max((lag.behind for lag in await lags(pool, Site(SITE))), default=1):
                on_behind(behind)
                if time.monotonic() > deadline:
                    raise BenchFailed(f"what follows the log of {self.name} is still {behind:,} events behind")
                await asyncio.sleep(_LOOK_S)


@contextlib.contextmanager
def served(
    postgres: EmbeddedPostgres,
    folder: Path,
    name: str,
    workers: int,
    *,
    on_behind: Callable[[int], None] = lambda _: None,
) -> Iterator[Service]:
    """A service on a database of this name with the quick start's site and invoices to order from.

    Args:
        folder: where its keys and anchors are kept.
        on_behind: told how many events it is behind the log, until it has caught up.

    Raises:
        BenchFailed: it did not come up.
    """
    owner = owner_of(postgres, name)
    address = address_of(owner)
    asyncio.run(_prepare(address))
    options = ["--port", "0", "--quickstart", "--workers", str(workers)]
    places = ["--data-dir", str(folder), "--database-url", url_of(owner)]
    with running([sys.executable, "-P", "-c", _SERVE, "serve", *options, *places]) as (process, lines):
        port = key = ""
        for line in lines:
            if line.startswith(_READY):
                port = line.strip().rpartition(":")[2]
            if line.startswith(_KEY):
                key = line.removeprefix(_KEY).split()[0]
                break
        if not key:
            raise BenchFailed(f"the service with {workers} workers did not come up")
        asyncio.run(_load_invoices(address))
        service = Service(name, address, postmaster_of(postgres), process.pid, int(port), key, workers)
        service.settle(on_behind)
        yield service


async def _prepare(address: Address) -> None:
    await create_database(address.owner)
    async with as_owner(address) as connection:
        await migrate(connection)


async def _load_invoices(address: Address) -> None:
    """Copies of the first sample invoice, for orders to be made from."""
    sample = (files("ops.samples") / "invoices.jsonl").read_text(encoding="utf-8").splitlines()[0]
    invoice = msgspec.json.decode(sample)
    copies = (invoice | {"id": invoice_id(number)} for number in range(INVOICES))
    lines = io.StringIO("".join(msgspec.json.encode(each).decode() + "\n" for each in copies))
    async with service_pool(address) as pool:
        loaded = await load_file(pool, SITE, lines)
    if loaded.refused:
        raise BenchFailed(f"an invoice was refused: {loaded.refused[0]}")

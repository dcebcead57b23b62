"""What runs during a run: one PostgreSQL, the services, and the peers from when they are first needed."""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from rich.progress import Progress

from ops.bench.throughput import forms
from ops.bench.throughput.client import documents, request
from ops.bench.throughput.databases import create_database, owner_of
from ops.bench.throughput.load import run_load
from ops.bench.throughput.options import Options
from ops.bench.throughput.peers import plain_sql
from ops.bench.throughput.plan import Plan
from ops.bench.throughput.processes import Peer, peer
from ops.bench.throughput.service import Service, served
from ops.bench.throughput.shop import fill_shop
from ops.embedded import EmbeddedPostgres, Role

# Of services and peers together; pgbench takes as many more as a load has.
_CONNECTIONS = 200


class Stage:
    """Use as a context manager: its end ends all that it has started.

    Args:
        folder: for everything that the run writes.
        kept: for databases that take long to fill, to be used again by the next run.
    """

    def __init__(self, options: Options, folder: Path, progress: Progress, kept: Path | None = None) -> None:
        self.options = options
        self.folder = folder
        self.kept = kept
        self.progress = progress
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def postgres(self) -> EmbeddedPostgres:
        """The server of all databases, with the settings that `order-ledger serve` gives it, and room for all."""
        folder, settings = self.folder / "postgres", {"max_connections": str(_CONNECTIONS + self.options.connections)}
        return self._open.enter_context(EmbeddedPostgres.open(folder, role=Role.SERVICE, settings=settings))

    @cached_property
    def services(self) -> list[Service]:
        """One for each number of workers, each with its own database and the orders that updates and reads need."""
        found = []
        for workers in self.options.workers:
            place = self.folder / f"service_{workers}"
            service = self._open.enter_context(served(self.postgres, place, f"ours_{workers}", workers))
            self.fill(service, self.options.orders)
            found.append(service)
        return found

    @cached_property
    def large_postgres(self) -> EmbeddedPostgres:
        """The server of the databases that take long to fill, which may be there already."""
        folder = (self.kept or self.folder / "large") / "postgres"
        return self._open.enter_context(EmbeddedPostgres.open(folder, role=Role.SERVICE))

    def shop(self, size: int) -> Service:
        """A service on a database with the orders of a shop; it has caught up with all of them."""
        name = f"shop_{size}"
        task = self.progress.add_task(f"filling {size:,} orders", total=size)
        asyncio.run(fill_shop(self.large_postgres, name, size, lambda done: self.progress.update(task, completed=done)))
        following = self.progress.add_task(f"following {size:,} orders", total=size)
        folder = (self.kept or self.folder) / name
        service = self._open.enter_context(
            served(
                self.large_postgres,
                folder,
                name,
                self.options.workers[0],
                on_behind=lambda behind: self.progress.update(following, completed=max(0, size - behind)),
            )
        )
        self.progress.update(following, completed=size)
        return service

    @contextlib.contextmanager
    def fresh_service(self, name: str) -> Iterator[Service]:
        """A service that has done nothing yet, for as long as it is needed."""
        with served(self.postgres, self.folder / name, name, self.options.workers[0]) as service:
            yield service

    @cached_property
    def bare(self) -> Peer:
        """aiohttp alone, with an answer of ours."""
        service = self.services[0]
        form = {"invoice_id": forms.invoice_id(0), "status": "processing", "note": "leave at the door", "batch_id": "b"}
        body = self.folder / "answer.json"
        members = {"reference_id": "web-0123456789ab", "fulfillment_status": "in stock", "tracking_id": "0123456789ab"}
        body.write_bytes(request(service.port, service.key, "/orders", form | members))
        return self._open.enter_context(peer("bare", str(body)))

    @cached_property
    def plain_sql(self) -> Peer:
        """aiohttp and asyncpg with the documents of the first service."""
        service = self.services[0]
        owner = self.database("plain_sql")
        asyncio.run(_copy(owner, documents(service.port, service.key)))
        return self._open.enter_context(peer("plain_sql", _as_json(owner)))

    @cached_property
    def event_sourced(self) -> Peer | None:
        """The library behind aiohttp; None where its driver is not installed."""
        if find_spec("psycopg_pool") is None:
            return None
        owner = self.database("event_sourced")
        return self._open.enter_context(peer("event_sourced", _as_json(owner)))

    def database(self, name: str) -> dict[str, Any]:
        """A new database of a peer's."""
        owner = owner_of(self.postgres, name)
        asyncio.run(create_database(owner))
        return owner

    def fill(self, service: Service, count: int) -> None:
        """Give a service so many orders, through its API."""
        task = self.progress.add_task(f"creating {count:,} orders: {service.called}", total=count)
        plan = Plan(
            port=service.port,
            connections=self.options.connections,
            requests=forms.fills(service.key, range(count)),
            count=count,
        )
        run_load(plan, {}, on_answers=lambda done: self.progress.update(task, completed=done))
        service.settle()
        # As autovacuum leaves it in a service's first minutes; when it comes by would be a matter of luck.
        asyncio.run(service.analyze())


def _as_json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


async def _copy(owner: dict[str, Any], found: list[bytes]) -> None:
    connection = await asyncpg.connect(**owner)
    try:
        await plain_sql.copy(connection, found)
    finally:
        await connection.close()

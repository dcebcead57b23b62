"""The library `eventsourcing` with its own PostgreSQL recorder in default mode, behind aiohttp.

An order is an aggregate with the members of the form; each create makes one and saves it, in a thread, since the
library is synchronous. It checks no key, keeps no metadata and has no view.

`python -m ops.bench.throughput.peers.event_sourced CONNECTION`, arguments of `asyncpg.connect` as JSON.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from ops.bench.throughput.peers.serving import answer, serve

# As many as the recorder takes connections at most, by its default: a pool of 5 and 10 more. With fewer threads it is
# slower, with more they wait for connections.
_THREADS = 15


class Order(Aggregate):
    """An order with the members that a create can set, and those that every order has."""

    @event("Created")
    def __init__(
        self,
        *,
        invoice_id: str,
        status: str = "new",
        reference_id: str | None = None,
        fulfillment_status: str | None = None,
        note: str | None = None,
        tracking_id: str | None = None,
        batch_id: str | None = None,
    ) -> None:
        self.invoice_id = invoice_id
        self.status = status
        self.reference_id = reference_id
        self.fulfillment_status = fulfillment_status
        self.note = note
        self.tracking_id = tracking_id
        self.batch_id = batch_id
        self.order_type = "manual"
        self.price_type = "tax_exclusive"
        self.is_resent = False
        self.deleted = False

    def document(self) -> bytes:
        """What a client is answered."""
        created_at = int(self.created_on.timestamp())
        members = {name: value for name, value in vars(self).items() if not name.startswith("_") and value is not None}
        times = {"created_at": created_at, "status_update_at": created_at, "updated_at": created_at}
        return msgspec.json.encode({"order": {"id": str(self.id), **members, **times, "object": "order"}})


class Orders(Application[UUID]):
    """Makes orders and saves them."""

    def create(self, form: dict[str, str]) -> bytes:
        """Create an order, durably; the answer's body."""
        order = Order(**form)
        self.save(order)
        return order.document()


def environment(connection: dict[str, Any]) -> dict[str, str]:
    """The library's settings: its own PostgreSQL recorder, and nothing but where the database is."""
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_HOST": connection["host"],
        "POSTGRES_PORT": str(connection["port"]),
        "POSTGRES_USER": connection["user"],
        "POSTGRES_PASSWORD": "",
        "POSTGRES_DBNAME": connection["database"],
    }


async def prepare(app: web.Application) -> None:
    """Make the library's table, and add the handler."""
    orders = Orders(env=environment(msgspec.json.decode(sys.argv[1])))
    threads = ThreadPoolExecutor(_THREADS)

    async def create(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        return answer(await asyncio.get_running_loop().run_in_executor(threads, orders.create, form))

    async def close(_: web.Application) -> None:
        threads.shutdown()
        orders.close()

    app.router.add_post("/api/v2/orders", create)
    app.on_cleanup.append(close)


if __name__ == "__main__":
    serve(prepare)

"""aiohttp and asyncpg with one SELECT: an order by its id, and a page of orders with a status.

`python -m ops.bench.throughput.peers.plain_sql CONNECTION`, arguments of `asyncpg.connect` as JSON. The table holds the
documents that the service answers with; `copied` fills it.
"""

import sys
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from aiohttp import web

from ops.bench.throughput.peers.serving import answer, serve

_POOL_SIZE = 10
_TABLE = """
CREATE TABLE orders (
    id text COLLATE "C" PRIMARY KEY,
    status text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    document text NOT NULL
);
CREATE INDEX orders_by_status ON orders (status, created_at, id);
"""
_ORDER = "SELECT document FROM orders WHERE id = $1"
_PAGE = "SELECT document FROM orders WHERE status = $1 ORDER BY created_at, id LIMIT $2"


class _Order(msgspec.Struct):
    id: str
    status: str
    created_at: int


async def copy(connection: asyncpg.Connection, documents: Sequence[bytes]) -> None:
    """Make the table with these orders, each a document of the API."""
    await connection.execute(_TABLE)
    decoder = msgspec.json.Decoder(_Order)
    found = [decoder.decode(each) for each in documents]
    rows = [
        (order.id, order.status, order.created_at, document.decode())
        for order, document in zip(found, documents, strict=True)
    ]
    await connection.copy_records_to_table("orders", records=rows)
    await connection.execute("VACUUM (ANALYZE) orders")


async def prepare(app: web.Application) -> None:
    """Connect, and add the handlers."""
    connection: dict[str, Any] = msgspec.json.decode(sys.argv[1])
    # Without asyncpg's reset, which the service leaves out as well: it would cost each request a round trip more.
    pool = await asyncpg.create_pool(**connection, min_size=_POOL_SIZE, max_size=_POOL_SIZE, reset=_nothing_to_reset)

    async def retrieve(request: web.Request) -> web.Response:
        document = await pool.fetchval(_ORDER, request.match_info["id"])
        if document is None:
            raise web.HTTPNotFound
        return answer(b'{"order":%b}' % document.encode())

    async def page(request: web.Request) -> web.Response:
        rows = await pool.fetch(_PAGE, request.query["status[is]"], int(request.query["limit"]))
        return answer(b'{"list":[%b]}' % b",".join(b'{"order":%b}' % row[0].encode() for row in rows))

    async def close(_: web.Application) -> None:
        await pool.close()

    app.router.add_get("/api/v2/orders/{id}", retrieve)
    app.router.add_get("/api/v2/orders", page)
    app.on_cleanup.append(close)


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    pass


if __name__ == "__main__":
    serve(prepare)

"""A bare aiohttp handler: it reads the form of a create and answers what the service answered, and does nothing else.

`python -m ops.bench.throughput.peers.bare ANSWER`, a file with the body of the answer.
"""

import sys
from pathlib import Path

from aiohttp import web

from ops.bench.throughput.peers.serving import answer, serve

_BODY = Path(sys.argv[1]).read_bytes()


async def prepare(app: web.Application) -> None:
    """Add the handler."""

    async def create(request: web.Request) -> web.Response:
        form = await request.post()
        assert form["invoice_id"]
        return answer(_BODY)

    app.router.add_post("/api/v2/orders", create)


if __name__ == "__main__":
    serve(prepare)

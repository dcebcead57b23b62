"""The API description and its page, for anyone: neither needs a key, and neither says anything of a site."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from api.docs_page.page import asset, page_for
from api.openapi.document import openapi_json
from api.responses import json_response

_TYPES = {"docs.css": "text/css", "docs.js": "text/javascript"}
_HEADERS = {
    "Server": "order-ledger",
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_documentation(app: web.Application) -> None:
    """Serve the description, the page and its two files. What they are made of is made here, once."""
    description = openapi_json()
    page_for("http", "localhost")

    async def openapi(_: web.Request) -> web.Response:
        """GET /api/v2/openapi.json"""
        return json_response(200, description, headers={"Cache-Control": "no-cache"})

    app.router.add_get("/api/v2/openapi.json", openapi)
    app.router.add_get("/docs", page)
    for name, content_type in _TYPES.items():
        app.router.add_get(f"/docs/{name}", _file(asset(name), content_type))


async def page(request: web.Request) -> web.Response:
    """GET /docs"""
    return _answer(page_for(request.scheme, request.host), "text/html")


def _file(body: bytes, content_type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return _answer(body, content_type)

    return answer


def _answer(body: bytes, content_type: str) -> web.Response:
    return web.Response(body=body, headers=_HEADERS, content_type=content_type, charset="utf-8")

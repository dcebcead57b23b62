"""HTTP answers around bodies that are ready."""

from collections.abc import Mapping

from aiohttp import web

CONTENT_TYPE = "application/json;charset=utf-8"

# Which software answers, in which version, is nobody's business.
_HEADERS = {"Content-Type": CONTENT_TYPE, "Server": "order-ledger"}


def json_response(status: int, body: bytes, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer with a JSON body. Header names are sent as they are given here."""
    return web.Response(status=status, body=body, headers={**_HEADERS, **(headers or {})})


def raw_response(body: bytes, content_type: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer whose body is a file in a form of its own, such as a signed note."""
    own = {**_HEADERS, "Content-Type": content_type, "X-Content-Type-Options": "nosniff"}
    return web.Response(status=200, body=body, headers={**own, **(headers or {})})

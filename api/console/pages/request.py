"""The screen of one request: what was asked and answered, what came of it, and how to ask it again."""

import shlex

import msgspec
from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.requests.document import KeptRequestDocument, request_document
from ledger.errors import ResourceNotFound

_GIVEN_AWAY = {"id", "object", "proven", "parameters", "events", "at", "at_ms", "message"}


async def show(request: web.Request) -> web.Response:
    """GET /console/requests/{id}"""
    services, site = services_of(request), visitor_of(request).site
    found = await services.requests.find(site, request.match_info["id"])
    if found is None:
        raise ResourceNotFound("This request was not kept: it is too old, or was made on the command line.")
    kept = request_document(found, await services.requests.events_of(found))
    return answer(
        request,
        "request.html",
        kept=kept,
        told=[
            (name.replace("_", " "), value if isinstance(value, str) else msgspec.json.encode(value).decode())
            for name, value in msgspec.structs.asdict(kept).items()
            if name not in _GIVEN_AWAY and value is not None
        ],
        curl=_curl(request, kept),
    )


def _curl(request: web.Request, kept: KeptRequestDocument) -> str:
    """The call as a command; what was redacted has to be filled in."""
    words = ["curl", "-u", "YOUR_KEY:", f"{request.url.origin()}{kept.path}"]
    if kept.method == "GET":
        words.append("-G")
    for each in kept.parameters:
        words += ["--data-urlencode", f"{each.name}={each.value}"]
    if kept.method == "POST" and not kept.parameters:
        words += ["-X", "POST"]
    return " ".join(map(shlex.quote, words))

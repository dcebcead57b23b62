"""The screen that compares two versions or moments of an order, or two orders."""

from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of, zone_of
from api.console.write_out import value_text
from api.typed_moments import read_moment
from ledger.errors import LedgerError
from projections.history.order_states import DiffDocument, Side


async def show(request: web.Request) -> web.Response:
    """GET /console/compare?a=ORDER&at=MOMENT&b=ORDER&bt=MOMENT"""
    given = {name: request.query.get(name, "").strip() for name in ("a", "at", "b", "bt")}
    found: DiffDocument | None = None
    refused: LedgerError | None = None
    if given["a"]:
        try:
            found = await _compared(request, **given)
        except LedgerError as error:
            if error.http_status >= 500:
                raise
            refused = error
    return answer(
        request,
        "compare.html",
        status=refused.http_status if refused else 200,
        given=given,
        found=found,
        refused=refused,
        rows=[(row.path, *value_text(row)) for row in found.changes] if found else [],
    )


async def _compared(request: web.Request, *, a: str, at: str, b: str, bt: str) -> DiffDocument:
    zone = await zone_of(request)
    before = Side(a, read_moment(at or None, zone))
    after = Side(b or a, read_moment(bt or None, zone))
    return await services_of(request).history.diff(visitor_of(request).site, before, after)

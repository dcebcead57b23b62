"""The screen of one order: its header, its versions on a line of time, and one version in full."""

from enum import StrEnum
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from api.console.causes import causes_of
from api.console.pages import unreadable_order
from api.console.rendering import answer
from api.console.timeline import Refusal, the_steps, with_refusals
from api.console.versions import entries_of, read_version, version_at
from api.console.visitor import services_of, visitor_of, zone_of
from api.console.who import who_and_how
from api.console.write_out import Line, value_text, written_out
from api.typed_moments import read_moment
from ledger.errors import RecordUnreadable
from ledger.limits import INTEGER_MAX, REFUSALS_IN_HISTORY_MAX
from projections.history.changes import Entry
from projections.history.document_shape import plain_document


class Tab(StrEnum):
    """Ways to look at a version."""

    DIFF = "diff"
    STATE = "state"
    RAW = "raw"


async def show(request: web.Request) -> web.Response:
    """GET /console/orders/{id}?v=…&tab=…, or ?at=MOMENT, which goes to the version of then"""
    services, visitor = services_of(request), visitor_of(request)
    order_id = request.match_info["id"]
    try:
        entries = await entries_of(request, order_id)
    except RecordUnreadable as reason:
        return await unreadable_order.show(request, order_id, reason)
    if at := request.query.get("at", "").strip():
        moment = read_moment(at, await zone_of(request))
        asked = {"v": version_at(entries, moment), "tab": _tab(request.query.get("tab"))}
        return web.Response(status=303, headers={"Location": f"{request.rel_url.raw_path}?{urlencode(asked)}"})
    chosen = entries[read_version(request.query.get("v"), len(entries)) - 1]
    tab = _tab(request.query.get("tab"))
    change = chosen.change()
    standing = await services.standing.check(visitor.site, [entry.record for entry in entries])
    refusals = await _refusals(request, order_id) if "refused" in request.query else []
    return answer(
        request,
        "order.html",
        with_refused="refused" in request.query,
        standing=standing,
        order=chosen.after,
        total=plain_document(chosen.after).get("total"),
        newest=entries[-1].record.version,
        steps=with_refusals(the_steps(entries), refusals),
        now_ms=services.clock_ms(),
        change=change,
        tab=tab,
        tabs=list(Tab),
        path=request.path,
        rows=[(row.path, *value_text(row)) for row in change.changes] if tab is Tab.DIFF else [],
        lines=_lines(tab, chosen),
        who=who_and_how(change),
        causes=await causes_of(services, visitor.site, chosen.record, chosen.envelope.metadata),
    )


async def _refusals(request: web.Request, order_id: str) -> list[Refusal]:
    """The newest requests about the order that were refused."""
    services, site = services_of(request), visitor_of(request).site
    found = await services.requests.refused_of_order(
        site, order_id, 0, INTEGER_MAX, business_entity_id=None, actor=None
    )
    return [
        Refusal(each.id, each.at, each.actor, each.operation, each.message or "", each.status)
        for each in found[-REFUSALS_IN_HISTORY_MAX:]
    ]


def _tab(text: str | None) -> Tab:
    return Tab(text) if text in set(Tab) else Tab.DIFF


def _lines(tab: Tab, chosen: Entry) -> list[Line]:
    match tab:
        case Tab.STATE:
            return written_out(plain_document(chosen.after))
        case Tab.RAW:
            return written_out(msgspec.json.decode(chosen.record.body))
    return []

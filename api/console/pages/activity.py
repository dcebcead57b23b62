"""The screen of the site's log: who did what, by the same qualifiers, and new events as they come."""

from dataclasses import replace
from functools import partial
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from api.change_stream import LAST_EVENT_ID, Listener, stream_changes
from api.console.change_bar import HELP, ChangeBar, read_change_bar
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of, zone_of
from api.schemas.changes import LIST_CHANGES
from api.typed_moments import read_moment
from ledger.errors import AuthenticationFailed, LedgerError, ParamWrongValue
from ledger.ids import Position
from ledger.limits import CONSOLE_ROWS
from projections.changes.document import LoggedChange
from projections.history.moments import AtPosition, AtTime
from projections.listing import Filter, Operator


async def show(request: web.Request) -> web.Response:
    """GET /console/activity?q=…&at=MOMENT&before=POSITION"""
    services, site = services_of(request), visitor_of(request).site
    bar, at = (request.query.get(name, "").strip() for name in ("q", "at"))
    before = request.query.get("before")
    # In front of the list: what comes in between is told, not missed.
    head = await services.store.head_position(site) or 0
    asked, refused = ChangeBar(), None
    changes: list[LoggedChange] = []
    next_start: Position | None = None
    try:
        zone = await zone_of(request)
        asked = read_change_bar(bar, zone)
        filters = (*asked.query.filters, *_until(at, zone))
        query = replace(asked.query, filters=filters, limit=CONSOLE_ROWS, start=_position(before))
        found = await services.changes.page(site, query)
        changes = await services.change_opener.open(site, found.events)
        next_start = found.next_start
    except LedgerError as error:
        if error.http_status >= 500:
            raise
        refused = error
    return answer(
        request,
        "activity.html",
        status=refused.http_status if refused else 200,
        bar=bar,
        at=at,
        chips=asked.chips,
        changes=changes,
        following="/console/activity?" + urlencode({"q": bar, "at": at, "before": next_start}) if next_start else None,
        # A stream has no end: where the log is asked for up to a position, nothing can be new.
        is_live=not (before or at or refused) and not any(name == "position[before]" for name, _ in asked.pairs),
        is_first=before is None,
        stream="/console/activity/stream?" + urlencode([*asked.pairs]),
        head=head,
        refused=refused,
        qualifiers=HELP,
    )


async def stream(request: web.Request) -> web.StreamResponse:
    """GET /console/activity/stream: what the log has new that passes the filters, for the pill."""
    services, visitor = services_of(request), visitor_of(request)
    listener = Listener(
        services=services,
        budget=services.streams.of_console,
        site=visitor.site,
        request_id=services.ids.request_id(),
        last_event_id=request.headers.get(LAST_EVENT_ID),
        admit=partial(_admit, request),
    )
    pairs = [(name, value) for name, value in request.query.items()]
    return await stream_changes(listener, LIST_CHANGES.read(pairs, zone=await zone_of(request)))


async def _admit(request: web.Request) -> None:
    if await services_of(request).gate.find(visitor_of(request).session.digest) is None:
        raise AuthenticationFailed


def _until(at: str, zone: ZoneInfo) -> tuple[Filter, ...]:
    """What had been recorded by a moment, to the second.

    Raises:
        ParamWrongValue: it is no moment of a log.
    """
    moment = read_moment(at or None, zone)
    match moment:
        case None:
            return ()
        case AtPosition(position=position):
            return (Filter("position", Operator.BEFORE, (position + 1,)),)
        case AtTime(until_ms=until_ms):
            return (Filter("recorded_at", Operator.BEFORE, (until_ms // 1000 + 1,)),)
    raise ParamWrongValue("A log has no versions: name a time or a position, such as #120.", param="at")


def _position(text: str | None) -> Position | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise ParamWrongValue("should be a position of the log", param="before")
    return Position(int(text))

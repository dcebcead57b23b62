"""The screen of an event as it was recorded; events of orders that can be read are versions of theirs instead."""

from urllib.parse import quote

import msgspec
from aiohttp import web
from eventsourcing.persistence import MapperDeserialisationError

from api.console.causes import causes_of, open_events
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.console.who import who_and_how
from api.console.write_out import Line, written_out
from ledger.envelope import EventMapper, RecordedEvent
from ledger.errors import ResourceNotFound
from ledger.ids import order_stream

_ORDER = order_stream("")


async def show(request: web.Request) -> web.Response:
    """GET /console/events/{event-id}; ?raw=yes shows the event of an order as it was recorded"""
    services, site = services_of(request), visitor_of(request).site
    record = await services.store.find_event(site, request.match_info["id"])
    if record is None:
        raise ResourceNotFound("There is no such event in the log.")
    if record.stream.startswith(_ORDER) and "raw" not in request.query:
        return web.Response(status=303, headers={"Location": place_of(record)})
    [change] = await open_events(services, site, [record.position])
    try:
        metadata = EventMapper().envelope(record.body).metadata
    except MapperDeserialisationError:
        metadata = None
    return answer(
        request,
        "event.html",
        change=change,
        who=who_and_how(change),
        causes=await causes_of(services, site, record, metadata) if metadata else None,
        lines=_lines(record),
    )


def place_of(record: RecordedEvent) -> str:
    """The screen that shows an event."""
    if record.stream.startswith(_ORDER):
        return f"/console/orders/{quote(record.stream.removeprefix(_ORDER), safe='')}?v={record.version}"
    return f"/console/events/{quote(record.event_id, safe='')}"


def _lines(record: RecordedEvent) -> list[Line]:
    try:
        return written_out(msgspec.json.decode(record.body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return written_out(record.body.decode("utf-8", "replace"))

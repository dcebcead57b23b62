"""Which order is meant, and which of its versions."""

from collections.abc import Sequence

from aiohttp import web

from api.console.visitor import services_of, visitor_of
from ledger.errors import ParamWrongValue, ResourceNotFound
from projections.history.changes import Entry
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment


async def entries_of(request: web.Request, order_id: str) -> list[Entry]:
    """The versions of an order.

    Raises:
        ResourceNotFound: there is none, said with its id.
    """
    try:
        return await services_of(request).history.entries(visitor_of(request).site, order_id)
    except ResourceNotFound:
        raise ResourceNotFound(f"There is no order {order_id}.") from None


def read_version(text: str | None, newest: int) -> int:
    """The version that was asked for; the newest without one."""
    if not text:
        return newest
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(newest))):
        raise ParamWrongValue("should be a version of the order", param="v")
    if not 1 <= int(text) <= newest:
        raise ResourceNotFound(f"The order has the versions 1 to {newest}.", param="v")
    return int(text)


def version_at(entries: Sequence[Entry], moment: Moment | None) -> int:
    """The version that an order had at a moment.

    Raises:
        ResourceNotFound: it was not there yet.
    """
    match moment:
        case AtVersion(version=version):
            return version
        case AtTime():
            known = [entry for entry in entries if entry.record.recorded_at <= moment.until_ms]
        case AtPosition(position=position):
            known = [entry for entry in entries if entry.record.position <= position]
        case None:
            known = list(entries)
    if not known:
        raise ResourceNotFound("The order was not there yet at that time.", param="at")
    return known[-1].record.version

"""The time zone that a request's days are meant in."""

from zoneinfo import ZoneInfo

from api.call import Call
from api.forms import Pairs

_UTC = ZoneInfo("UTC")


async def zone_for(call: Call, pairs: Pairs) -> ZoneInfo:
    """The time zone of the site, which matters for whole days alone."""
    if not any(name.endswith("[on]") for name, _ in pairs):
        return _UTC
    return await zone_of_site(call)


async def zone_of_site(call: Call) -> ZoneInfo:
    """The time zone of the site."""
    return ZoneInfo((await call.services.handler.settings(call.site)).time_zone)

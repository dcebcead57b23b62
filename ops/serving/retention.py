"""Forgets requests that are too old or too many, events that came in long ago, and idempotent answers whose window has
passed. The background process does it, in small steps.
"""

import asyncio
import logging

from ledger.ids import Site
from ledger.limits import REQUESTS_KEPT_MAX
from ops.serving.background_services import BackgroundServices

# Longer than Chargebee sends an event again: a delivery after this is taken in anew, and changes nothing.
INTAKE_EVENTS_KEPT_DAYS = 90

_LOOK_S = 60.0
# Between two steps: what others write comes first.
_PAUSE_S = 0.05
_DAY_MS = 24 * 60 * 60 * 1000
_ANSWERS_FORGOTTEN_MAX = 10_000

log = logging.getLogger("order-ledger")


async def forgetting(services: BackgroundServices, kept_days: int) -> None:
    """Look for what is to be forgotten once a minute, until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await forget_old_requests(services, kept_days)
            await forget_old_intake_events(services)
        except Exception as error:
            # Whatever it was, the next time may go well; ended for good, it would let the requests pile up unseen.
            log.warning("old requests were not forgotten: %s", type(error).__name__)


async def forget_old_requests(services: BackgroundServices, kept_days: int, kept_max: int = REQUESTS_KEPT_MAX) -> None:
    """Forget the requests of all sites that are older than so many days or beyond the number that a site may have."""
    before_ms = services.clock_ms() - kept_days * _DAY_MS
    for record in await services.sites.list_sites():
        while await services.requests.forget(Site(record.site), before_ms, kept_max):  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)


async def forget_old_intake_events(services: BackgroundServices) -> None:
    """Forget the events that came in so long ago that nobody sends them again."""
    before_ms = services.clock_ms() - INTAKE_EVENTS_KEPT_DAYS * _DAY_MS
    for record in await services.sites.list_sites():
        while await services.intake.forget(Site(record.site), before_ms):  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)


async def forgetting_answers(services: BackgroundServices) -> None:
    """Look for answers that are to be forgotten once a minute, until cancelled."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await forget_old_answers(services)
        except Exception as error:
            # Whatever it was, the next time may go well; ended for good, it would let the answers pile up unseen.
            log.warning("old idempotent answers were not forgotten: %s", type(error).__name__)


async def forget_old_answers(services: BackgroundServices) -> None:
    """Forget all idempotent answers whose window has passed, in small transactions."""
    while await services.store.forget_answers(services.clock_ms(), _ANSWERS_FORGOTTEN_MAX) == _ANSWERS_FORGOTTEN_MAX:
        pass

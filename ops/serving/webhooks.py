"""Webhooks while the service runs: the background process delivers, and forgets what is old."""

import asyncio
import logging

from ledger.ids import Site
from ledger.limits import WEBHOOK_DELIVERIES_KEPT_DAYS
from ledger.probe import NO_PROBE, Probe
from ledger.webhook_credentials import WebhookCredentials
from ops.serving.background_services import BackgroundServices
from ops.serving.configuration import WebhookRules
from ops.webhooks.calls import EndpointCalls
from ops.webhooks.delivery_loop import DeliveryLoop
from projections.webhooks.deliveries import Deliveries

_FORGET_S = 60.0
# Between two steps: what others write comes first.
_PAUSE_S = 0.05
_HOUR_MS = 60 * 60 * 1000
_DAY_MS = 24 * _HOUR_MS

log = logging.getLogger("order-ledger")


async def delivering(services: BackgroundServices, rules: WebhookRules, probe: Probe = NO_PROBE) -> None:
    """Call endpoints until cancelled."""
    async with EndpointCalls(allow_private=rules.allow_private) as calls:
        await DeliveryLoop(services.pool, calls, clock_ms=services.clock_ms, probe=probe).run()


async def forgetting_deliveries(services: BackgroundServices) -> None:
    """Look for what is to be forgotten once a minute, until cancelled."""
    while True:
        await asyncio.sleep(_FORGET_S)
        try:
            await forget_old_deliveries(services)
        except Exception as error:
            # Whatever it was, the next time may go well; ended for good, it would let the deliveries pile up unseen.
            log.warning("old deliveries were not forgotten: %s", type(error).__name__)


async def forget_old_deliveries(services: BackgroundServices) -> None:
    """Forget the deliveries of events that are not shown any more, and credentials that no endpoint names."""
    now_ms = services.clock_ms()
    deliveries, credentials = Deliveries(services.pool), WebhookCredentials(services.pool)
    for record in await services.sites.list_sites():
        site = Site(record.site)
        while await deliveries.forget(site, now_ms - WEBHOOK_DELIVERIES_KEPT_DAYS * _DAY_MS):  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)
        used = [each.credentials_id for each in (await services.endpoints.of(site)).endpoints if each.credentials_id]
        await credentials.forget_all_but(site, used, now_ms - _HOUR_MS)

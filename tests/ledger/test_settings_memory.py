"""Settings are read once and then only their changes, and yet a command always decides by the newest."""

import asyncpg
import pytest

from api.services import Services, build_services
from ledger.commands import ChangeSettings, CreateOrder, RecordInvoice
from ledger.errors import ConfigurationIncompatible
from ledger.handler import Caller
from ledger.ids import Site
from ops.operator import operator


def caller_of(services: Services, site: Site) -> Caller:
    return operator(site, live=False, ids=services.ids)


async def check_ready() -> None: ...


async def test_a_change_made_by_another_process_counts_at_once(
    services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    caller = caller_of(services, site)
    invoice = {"id": "i", "status": "paid", "currency_code": "USD", "line_items": []}
    await services.handler.handle(RecordInvoice(invoice_id="i", description=invoice), caller)
    await services.handler.handle(CreateOrder(invoice_id="i"), caller)

    elsewhere = build_services(pool, check_ready=check_ready)
    for enabled in (False, True, False):
        await elsewhere.handler.handle(ChangeSettings(settings={"manual_orders_enabled": enabled}), caller)
        if enabled:
            await services.handler.handle(CreateOrder(invoice_id="i"), caller)
        else:
            with pytest.raises(ConfigurationIncompatible):
                await services.handler.handle(CreateOrder(invoice_id="i"), caller)
    await elsewhere.appender.close()


async def test_settings_that_were_never_set_are_the_defaults(services: Services, site: Site) -> None:
    assert (await services.handler.settings(site)).manual_orders_enabled is True
    await services.handler.handle(ChangeSettings(settings={"time_zone": "Asia/Tokyo"}), caller_of(services, site))
    await services.handler.handle(ChangeSettings(settings={"order_number_start": 5}), caller_of(services, site))
    settings = await services.handler.settings(site)
    assert (settings.time_zone, settings.order_number_start) == ("Asia/Tokyo", 5)

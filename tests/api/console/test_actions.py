"""The few things that the console does: each asks for a form of the session and a full key."""

from dataclasses import dataclass, field, replace

import asyncpg
import pytest

from api.app import create_app
from api.console.settings import ConsoleSettings
from api.console.texts import milliseconds
from api.services import Services
from api.verification import VerificationReport
from ledger.consumer import catch_up
from ledger.ids import Site, system_clock_ms
from ledger.limits import WEBHOOK_RETRY_DELAYS_S
from ledger.sites import KeyKind, Sites
from projections.webhooks.deliveries import Deliveries, Kind, Lane
from projections.webhooks.planner import DeliveryPlanner
from tests.api.console.conftest import Visit
from tests.api.console.pages import form_token, page
from tests.api.requests import Client, import_order


@dataclass
class Runs:
    """Verifications that end when they are told to."""

    started: list[Site] = field(default_factory=list)
    report: VerificationReport | None = None

    async def start(self, site: Site) -> bool:
        self.started.append(site)
        return True

    def is_running(self, site: Site) -> bool:
        return self.report is None and site in self.started

    def last(self, site: Site) -> VerificationReport | None:
        return self.report if site in self.started else None


async def endpoint(client: Client) -> str:
    """A webhook endpoint."""
    form = {"name": "shop", "url": "https://example.com/hooks"}
    answer = await client.post("/api/v2/webhook_endpoints", data=form)
    assert answer.status == 200, await answer.text()
    found: str = (await answer.json())["webhook_endpoint"]["id"]
    return found


async def test_deliveries_are_made_again_once_that_is_confirmed(
    visitor: Client, client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    await endpoint(client)
    order = await import_order(client)
    await catch_up(pool, DeliveryPlanner(), site)
    event = (await services.history.entries(site, order["id"]))[0].record.event_id
    text = await page(visitor, f"/webhooks/resend?event={event}")
    assert "1 call would be made" in text
    token = await form_token(visitor)
    answer = await visitor.post(
        "/console/webhooks/resend", data={"token": token, "event": event}, allow_redirects=False
    )
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/console/webhooks?made=")
    assert "example.com" in await page(visitor, "/webhooks")


async def test_failed_deliveries_are_shown_with_their_reason_and_next_call(
    visitor: Client, client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    endpoint_id = await endpoint(client)
    await import_order(client)
    await catch_up(pool, DeliveryPlanner(), site)
    lane, now_ms = Lane(site, endpoint_id), system_clock_ms()
    [claimed] = await Deliveries(pool).claim(lane, Kind.FIRST, "somebody", now_ms, 1)
    await Deliveries(pool).finish(claimed, "answered with status 500", now_ms)
    text = await page(visitor, "/webhooks")
    assert "answered with status 500" in text
    assert '<span class="status cancelled">re scheduled</span> <small>1 call</small>' in text
    assert str(milliseconds(now_ms + WEBHOOK_RETRY_DELAYS_S[0] * 1000, shows_ms=False)) in text
    assert '<span class="number">1</span> re scheduled' in text


@pytest.mark.parametrize("path", ["/webhooks/resend", "/health/verify"])
async def test_a_read_only_key_starts_nothing(
    visit: Visit, client: Client, pool: asyncpg.Pool, site: Site, path: str
) -> None:
    order = await import_order(client)
    key = await Sites(pool).create_key(site, "looker", KeyKind.READ_ONLY, system_clock_ms())
    looker = await visit(key)
    answer = await looker.post(
        f"/console{path}", data={"token": await form_token(looker), "event": order["id"]}, allow_redirects=False
    )
    assert answer.status == 403


@pytest.mark.parametrize("path", ["/webhooks/resend", "/health/verify"])
async def test_nothing_is_started_without_the_token_of_the_session(visitor: Client, path: str) -> None:
    answer = await visitor.post(f"/console{path}", data={"event": "e"}, allow_redirects=False)
    assert answer.status == 403
    assert (await visitor.get(f"/console{path}", allow_redirects=False)).status in {400, 404}


async def test_a_verification_is_started_and_its_report_read_in_words(
    aiohttp_client: object, services: Services, key: str, site: Site
) -> None:
    runs = Runs()
    app = create_app(replace(services, verifications=runs), console=ConsoleSettings(secret=b"s" * 32))
    browser: Client = await aiohttp_client(app)  # type: ignore[operator]
    signed_in = await browser.post("/console/sign-in", data={"key": key}, allow_redirects=False)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    health = await (await browser.get("/console/health", headers=cookie)).text()
    token = health.partition('name="token" value="')[2].partition('"')[0]
    answer = await browser.post("/console/health/verify", data={"token": token}, headers=cookie, allow_redirects=False)
    assert answer.status == 303
    assert runs.started == [site]
    assert "is being verified" in await (await browser.get("/console/health", headers=cookie)).text()
    runs.report = VerificationReport(started_at=0, finished_at=1500, exit_status=2, text="acme: FAULT\n  <b>\u202e")
    text = await (await browser.get("/console/health", headers=cookie)).text()
    assert "A fault was found" in text
    assert "&lt;b&gt;" in text
    assert "\u202e" not in text

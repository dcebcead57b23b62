"""The way in: an API key that nobody keeps, a session that nobody can make, and forms that nobody else can send."""

import asyncio

import asyncpg
import pytest
from itsdangerous import URLSafeTimedSerializer

from api.console import sign_in
from api.console.session import COOKIE, Session, Sessions
from ledger.ids import Site, system_clock_ms
from ledger.limits import CONSOLE_SIGN_INS_PER_MINUTE
from ledger.sites import KeyKind, Sites, digest_of
from tests.api.console.conftest import Visit
from tests.api.console.pages import form_token, page
from tests.api.requests import Client
from tests.serving import PATIENCE_S

PAGES = ["/orders", "/orders/1", "/activity", "/compare", "/requests/x", "/invoices/i", "/health", "/go", "/help"]


def signed(digest: bytes, secret: bytes = b"s" * 32) -> str:
    """A session cookie; the secret is that of the tests' consoles."""
    serializer = URLSafeTimedSerializer(secret, salt="order-ledger console session")
    return str(serializer.dumps({"key": digest.hex(), "token": "t"}))


@pytest.mark.parametrize("path", [*PAGES, "/activity/stream", "/evidence/1", "/proofs/orders/1", "/proofs/events/1"])
async def test_nothing_is_shown_before_signing_in(visit: Visit, path: str) -> None:
    browser = await visit()
    answer = await browser.get(f"/console{path}?a=b", allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/console/sign-in?next=%2Fconsole")
    assert await answer.read() == b""


async def test_whoever_signs_in_comes_to_the_page_that_was_wanted(visit: Visit, key: str) -> None:
    browser = await visit()
    answer = await browser.post(
        "/console/sign-in", data={"key": key, "next": "/console/activity?q=actor:x"}, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/console/activity?q=actor:x")


@pytest.mark.parametrize(
    "elsewhere", ["https://example.com/", "//example.com", "/console/\\example.com", "/api/v2/orders", "/console/\n"]
)
async def test_nobody_is_sent_elsewhere_by_signing_in(visit: Visit, key: str, elsewhere: str) -> None:
    browser = await visit()
    answer = await browser.post("/console/sign-in", data={"key": key, "next": elsewhere}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/orders")


async def test_the_key_is_kept_nowhere_and_the_cookie_is_out_of_reach_of_scripts(visit: Visit, key: str) -> None:
    browser = await visit()
    answer = await browser.post("/console/sign-in", data={"key": key}, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert key not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/console" in cookie
    assert key not in await page(browser, "/orders")


@pytest.mark.parametrize("wrong", ["", "nobody", "x" * 10_000, "ä"])
async def test_a_key_that_nobody_has_opens_nothing(visit: Visit, wrong: str) -> None:
    browser = await visit()
    answer = await browser.post("/console/sign-in", data={"key": wrong}, allow_redirects=False)
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers


async def test_the_credentials_of_the_intake_do_not_open_the_console(
    visit: Visit, pool: asyncpg.Pool, site: Site
) -> None:
    password = await Sites(pool).create_intake(site, "chargebee", system_clock_ms())
    browser = await visit()
    for key in (f"chargebee:{password}", password):
        answer = await browser.post("/console/sign-in", data={"key": key}, allow_redirects=False)
        assert answer.status == 401
    browser.session.cookie_jar.update_cookies(
        {COOKIE: signed(digest_of(f"chargebee:{password}"))}, browser.make_url("/console")
    )
    assert (await browser.get("/console/orders", allow_redirects=False)).status == 303


async def test_a_session_ends_when_its_key_is_revoked(visit: Visit, pool: asyncpg.Pool, site: Site, key: str) -> None:
    browser = await visit(key)
    await page(browser, "/orders")
    await Sites(pool).revoke_key(site, "full_access_key_v1", system_clock_ms())
    fresh = await visit()
    fresh.session.cookie_jar.update_cookies(
        {cookie.key: cookie.value for cookie in browser.session.cookie_jar}, fresh.make_url("/console")
    )
    async with asyncio.timeout(PATIENCE_S):
        # A key is remembered for a second.
        while True:
            if (await fresh.get("/console/health", allow_redirects=False)).status == 303:
                break
            await asyncio.sleep(0.05)


async def test_a_session_of_another_secret_is_none(visit: Visit, key: str) -> None:
    browser = await visit()
    forged = signed(digest_of(key), secret=b"another")
    for cookie in (forged, "nonsense", forged[:-1], ""):
        answer = await browser.get("/console/orders", headers={"Cookie": f"{COOKIE}={cookie}"}, allow_redirects=False)
        assert answer.status == 303


def test_a_session_without_a_digest_is_none() -> None:
    sessions = Sessions(b"s" * 32)
    assert sessions._serializer().loads(sessions._serializer().dumps({"key": "", "token": "t"})) is not None
    assert Session(key="00" * 32, token="t").digest == b"\x00" * 32


async def test_keys_cannot_be_gone_through(visit: Visit, key: str) -> None:
    browser = await visit()
    for _ in range(CONSOLE_SIGN_INS_PER_MINUTE):
        assert (await browser.post("/console/sign-in", data={"key": "wrong"})).status == 401
    refused = await browser.post("/console/sign-in", data={"key": key}, allow_redirects=False)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "60")


def test_tries_are_counted_by_address_and_minute_and_forgotten() -> None:
    now = [0]
    tries = sign_in.Tries(lambda: now[0])
    assert [tries.take("a") for _ in range(CONSOLE_SIGN_INS_PER_MINUTE + 1)][-2:] == [True, False]
    assert tries.take("b")
    now[0] = 60_000
    assert tries.take("a")


# Forms


async def test_signing_out_ends_the_session(visit: Visit, key: str) -> None:
    browser = await visit(key)
    answer = await browser.post("/console/sign-out", data={"token": await form_token(browser)}, allow_redirects=False)
    assert answer.status == 303
    assert (await browser.get("/console/orders", allow_redirects=False)).status == 303


@pytest.mark.parametrize("path", ["/sign-out", "/preferences"])
@pytest.mark.parametrize("token", [None, "", "another"])
async def test_a_form_without_the_token_of_the_session_does_nothing(
    visit: Visit, key: str, path: str, token: str | None
) -> None:
    browser = await visit(key)
    answer = await browser.post(
        f"/console{path}", data={} if token is None else {"token": token}, allow_redirects=False
    )
    assert answer.status == 403
    assert "Set-Cookie" not in answer.headers
    await page(browser, "/orders")


async def test_a_form_of_another_site_does_nothing(visit: Visit, key: str) -> None:
    browser = await visit(key)
    elsewhere = {"Origin": "https://evil.example"}
    token = await form_token(browser)
    assert (await browser.post("/console/sign-out", data={"token": token}, headers=elsewhere)).status == 403
    assert (await browser.post("/console/sign-in", data={"key": key}, headers=elsewhere)).status == 403


async def test_how_times_and_colours_are_shown_is_kept(visit: Visit, key: str) -> None:
    browser = await visit(key)
    form = {"token": await form_token(browser), "times": "relative", "theme": "dark", "back": "/console/health"}
    answer = await browser.post("/console/preferences", data=form, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/health")
    assert 'data-theme="dark" data-times="relative"' in await page(browser, "/orders")


async def test_a_read_only_key_sees_everything(visit: Visit, pool: asyncpg.Pool, site: Site, client: Client) -> None:
    assert client
    key = await Sites(pool).create_key(site, "looker", KeyKind.READ_ONLY, system_clock_ms())
    browser = await visit(key)
    for path in ("/orders", "/activity", "/health", "/invoices/inv_0001"):
        await page(browser, path)

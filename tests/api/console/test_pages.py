"""What pages show, that it is what the API answers, and that nothing of a user's text does anything there."""

import io
import re
import zipfile
from html import unescape

import asyncpg
import pytest

from api.services import Services
from ledger.consumer import catch_up
from ledger.ids import Position, Site, order_stream, system_clock_ms
from ledger.sites import KeyKind, Sites
from projections.search.consumer import OrderWords
from tests.api.console.conftest import Visit
from tests.api.console.pages import page
from tests.api.requests import ORDERS, Client, create, import_order
from tests.conftest import new_site
from tests.ledger.transparency.given import Signer
from tests.log.waiting import eventually

HOSTILE = '<script>alert("x")</script>\u202e"\' onload=alert(1)'


@pytest.mark.parametrize("path", ["/orders", "/activity", "/health", "/sign-in", "/nothing", "/static/console.css"])
async def test_every_answer_says_what_may_be_loaded(visitor: Client, path: str) -> None:
    answer = await visitor.get(f"/console{path}")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_text_of_users_stays_text(visitor: Client, client: Client) -> None:
    order = await import_order(client, note=HOSTILE, reference_id="<b>r</b>", tracking_id="\u202eabc")
    await client.post(f"{ORDERS}/{order['id']}", data={"note": HOSTILE + "2"})
    await client.post(f"{ORDERS}/{order['id']}/cancel", data={"cancellation_reason": HOSTILE})
    paths = ["/orders", f"/orders/{order['id']}", f"/compare?a={order['id']}", "/activity"]
    paths += [f"/orders/{order['id']}?tab={tab}&refused=yes" for tab in ("diff", "state", "raw")]
    for path in paths:
        text = await page(visitor, path)
        assert "<script>" not in text.replace('<script type="module"', "")
        assert "<b>r" not in text
        assert "\u202e" not in text
        assert "onload=alert(1)" not in text or '"' not in text[text.index("onload=alert(1)") - 2]


@pytest.mark.parametrize(
    "path", ["/orders?q={}", "/orders?at={}", "/activity?q={}", "/compare?a={}&at={}", "/go?to={}", "/orders/{}"]
)
async def test_what_is_asked_stays_text(visitor: Client, path: str) -> None:
    answer = await visitor.get("/console" + path.replace("{}", "%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AE"))
    text = await answer.text()
    assert answer.status in {200, 400, 404}
    assert "<script>" not in text
    # What was typed stands in its field again as it was typed.
    assert "\u202e" not in re.sub(r'value="[^"]*"', "", text)


async def test_the_list_is_that_of_the_api(visitor: Client, client: Client) -> None:
    first = await import_order(client)
    second = await create(client)
    await client.post(f"{ORDERS}/{first['id']}", data={"status": "shipped"})
    everything = await page(visitor, "/orders")
    assert all(f'id="{order["id"]}"' in everything for order in (first, second))
    shipped = await page(visitor, "/orders", q="status:shipped type:system_generated")
    assert f'id="{first["id"]}"' in shipped
    assert f'id="{second["id"]}"' not in shipped
    assert f'id="{first["id"]}"' not in await page(visitor, "/orders", q="-status:shipped")


async def test_the_list_as_of_a_position_shows_what_was_there(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    order = await import_order(client)
    position = await services.store.head_position(site)
    await client.post(f"{ORDERS}/{order['id']}", data={"status": "shipped"})
    await create(client)
    then = await page(visitor, "/orders", at=f"#{position}")
    assert then.count("data-row") == 1
    assert "queued" in then
    assert "As of" in then


@pytest.mark.parametrize(
    ("bar", "said"),
    [
        ("colour:red", "no qualifier colour"),
        ("status:green", "status"),
        ("created:yesterday", "no time"),
        ("sort:total", "sorted by"),
        ("x" * 2_000, "longer"),
    ],
)
async def test_a_filter_that_cannot_be_is_told(visitor: Client, bar: str, said: str) -> None:
    text = await page(visitor, "/orders", status=400, q=bar)
    assert 'role="alert"' in text
    assert said in text


async def test_pages_follow_each_other_without_loss(visitor: Client, client: Client) -> None:
    made = {(await create(client))["id"] for _ in range(53)}
    seen: set[str] = set()
    path = "/orders?q=type:manual"
    while path:
        text = await page(visitor, path)
        seen |= {order for order in made if f'id="{order}"' in text}
        found = text.partition('" rel="next"')[0].rpartition('href="/console')[2] if 'rel="next"' in text else ""
        path = unescape(found)
    assert seen == made


async def test_an_order_shows_each_version_and_what_changed(visitor: Client, client: Client) -> None:
    order = await import_order(client)
    await client.post(f"{ORDERS}/{order['id']}", data={"status": "shipped", "note": "fragile"})
    text = await page(visitor, f"/orders/{order['id']}")
    assert "version <strong>2</strong> of 2" in text
    assert "<del>queued</del>" in text
    assert "<ins>shipped</ins>" in text
    first = await page(visitor, f"/orders/{order['id']}", v="1", tab="state")
    assert "see the newest" in first
    assert "&#34;queued&#34;" in first
    raw = await page(visitor, f"/orders/{order['id']}", v="1", tab="raw")
    assert "order.imported" in raw


@pytest.mark.parametrize(("version", "status"), [("0", 404), ("9", 404), ("x", 400), ("٣", 400), ("-1", 400)])
async def test_a_version_that_is_not_there_is_told(visitor: Client, client: Client, version: str, status: int) -> None:
    order = await import_order(client)
    await page(visitor, f"/orders/{order['id']}", status=status, v=version)


async def test_refusals_are_shown_on_demand_and_told_apart(visitor: Client, client: Client, services: Services) -> None:
    order = await import_order(client)
    await client.post(f"{ORDERS}/{order['id']}/reopen")
    await services.recorder.flush()
    assert "Refused:" not in await page(visitor, f"/orders/{order['id']}")
    text = await page(visitor, f"/orders/{order['id']}", refused="yes")
    assert "Refused: reopen" in text
    assert "not a part of the proven record" in text


async def test_an_order_is_green_only_when_its_events_are_anchored(
    visitor: Client, client: Client, signer: Signer
) -> None:
    order = await import_order(client)
    path = f"/orders/{order['id']}"
    assert "badge not_anchored" in await page(visitor, path)
    await signer.sign()
    assert "badge not_anchored" in await page(visitor, path)
    await signer.anchor()
    assert "badge proven" in await page(visitor, path)
    await client.post(f"{ORDERS}/{order['id']}", data={"note": "newer"})
    text = await page(visitor, path)
    assert "badge not_anchored" in text
    assert "1 event is newer than the last anchor" in text


async def test_an_order_whose_event_was_edited_is_red_with_words(
    visitor: Client, client: Client, signer: Signer, owner: asyncpg.Connection, site: Site
) -> None:
    order = await import_order(client)
    await signer.sign()
    await signer.anchor()
    await owner.execute(
        """UPDATE ledger.event SET body = convert_to(replace(convert_from(body, 'UTF8'), 'queued', 'on_hold'), 'UTF8')
        WHERE site = $1 AND stream = $2""",
        site,
        order_stream(order["id"]),
    )
    text = await page(visitor, f"/orders/{order['id']}")
    assert "badge broken" in text
    assert "badge proven" not in text


async def test_a_request_is_shown_with_what_came_of_it(visitor: Client, client: Client, services: Services) -> None:
    answer = await client.post(ORDERS, data={"invoice_id": "inv_0001", "note": "secret thing"})
    order, request_id = (await answer.json())["order"]["id"], answer.headers["x-request-id"]
    await services.recorder.flush()
    text = await page(visitor, f"/requests/{request_id}")
    assert f"/console/orders/{order}?v=1" in text
    assert "secret thing" not in text
    assert "curl -u YOUR_KEY:" in text


async def test_an_invoice_shows_its_orders_and_the_split(visitor: Client, client: Client) -> None:
    order = await import_order(client, "inv_0001")
    text = await page(visitor, "/invoices/inv_0001")
    assert f"/console/orders/{order['id']}" in text
    assert "How the money is split" in text
    assert "109.00 USD" in text
    assert "paid 100.00 USD</small>" in text
    assert "In no order" not in text
    await import_order(client, "inv_0001")
    text = await page(visitor, "/invoices/inv_0001")
    assert "In no order" in text
    assert "-100.00 USD" in text


async def test_the_palette_goes_to_whatever_is_named(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    order = await import_order(client, reference_id="PO-4711")
    await catch_up(services.pool, OrderWords(), site)
    event = (await services.history.entries(site, order["id"]))[0].record
    [invoice] = await services.store.events_at(site, [Position(1)])
    places = {
        order["id"]: f"/console/orders/{order['id']}",
        "inv_0001": "/console/invoices/inv_0001",
        event.event_id: f"/console/orders/{order['id']}?v=1",
        f"#{event.position}": f"/console/orders/{order['id']}?v=1",
        "#1": f"/console/events/{invoice.event_id}",
        "po-4711": f"/console/orders/{order['id']}",
    }
    for wanted, place in places.items():
        answer = await visitor.get("/console/go", params={"to": wanted}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, place)
    assert "Nothing here is called" in await page(visitor, "/go", status=404, to="nothing")


async def test_another_site_sees_nothing_of_it(client: Client, visit: Visit, pool: asyncpg.Pool) -> None:
    order = await import_order(client)
    elsewhere = await new_site(pool)
    stranger = await visit(await Sites(pool).create_key(elsewhere, "k", KeyKind.FULL, system_clock_ms()))
    assert "No order is like this" in await page(stranger, "/orders")
    for path in (f"/orders/{order['id']}", f"/evidence/{order['id']}", f"/proofs/orders/{order['id']}"):
        await page(stranger, path, status=404)
    await page(stranger, "/invoices/inv_0001", status=404)
    await page(stranger, f"/compare?a={order['id']}", status=404)
    assert "Nothing is like this" in await page(stranger, "/activity")


async def test_the_evidence_has_all_that_an_auditor_needs(
    visitor: Client, client: Client, signer: Signer, services: Services, site: Site
) -> None:
    order = await import_order(client, note=HOSTILE)
    await signer.sign()
    answer = await visitor.get(f"/console/evidence/{order['id']}")
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="order-{order["id"]}-evidence.zip"'
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        names = set(archive.namelist())
        summary = archive.read("summary.html").decode()
        assert archive.read("proof.txt") == await services.proofs.stream(site, order_stream(order["id"]))
    assert names == {
        "READ-ME.txt",
        "auditor.py",
        "checkpoint.txt",
        "events.jsonl",
        "proof.txt",
        "summary.html",
        "verifier-keys.txt",
    }
    assert "<script>" not in summary
    assert "\u202e" not in summary


async def test_parked_orders_are_counted_on_every_page(
    visitor: Client, client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    order = await import_order(client)
    await pool.execute(
        """INSERT INTO ledger.parked (site, projection, stream, position, version, reason, parked_at)
        VALUES ($1, 'orders', $2, 1, 1, 'it cannot be read', 1)""",
        site,
        order_stream(order["id"]),
    )
    assert "1 parked" in await page(visitor, "/orders")
    assert "it cannot be read" in await page(visitor, "/health")


async def test_rebuilds_are_shown_with_how_far_they_are_and_one_that_was_killed_as_such(
    visitor: Client, pool: asyncpg.Pool, site: Site
) -> None:
    now_ms = system_clock_ms()
    runs = [
        ("1", "orders", True, now_ms - 60_000, now_ms - 30_000, 500, 2_000, 1, None, None),
        ("2", "order_versions", False, now_ms - 9_000, now_ms - 8_000, 70, 70, 3, now_ms - 8_000, "put_right"),
        ("3", "changes", True, now_ms - 10_000, now_ms, 5_000, 20_000, 0, None, None),
    ]
    for run in runs:
        await pool.execute(
            "INSERT INTO ledger.rebuild_run VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)", site, *run
        )
    text = await page(visitor, "/health")
    running, ended, killed = text.partition("Rebuilds</h2>")[2].partition("</table>")[0].split("<tr data-row>")[1:]
    assert '<progress aria-label="changes" max="20000" value="5000">' in running
    assert ">500</td>" in running
    assert "30 s" in running
    assert "put right" in ended
    assert "ended without a result" in killed
    assert "<progress" not in killed


async def test_who_looks_takes_no_stream_from_clients_of_the_api_nor_they_from_him(
    visitor: Client, client: Client, services: Services
) -> None:
    services.streams.of_api.site_max = services.streams.of_console.site_max = 1
    stream, changes = "/console/activity/stream", "/api/v2/ledger/changes"
    accept = {"Accept": "text/event-stream"}
    async with visitor.get(stream) as seen, client.get(changes, headers=accept) as followed:
        assert (seen.status, followed.status) == (200, 200)
        await eventually(lambda: services.streams.open == 2)
        assert (await visitor.get(stream)).status == 429
        assert (await client.get(changes, headers=accept)).status == 429


async def test_an_order_that_cannot_be_read_shows_why_and_what_the_log_has_of_it(
    visitor: Client, client: Client, signer: Signer, owner: asyncpg.Connection, site: Site
) -> None:
    order = await import_order(client)
    await client.post(f"{ORDERS}/{order['id']}", data={"note": "x"})
    await signer.sign()
    await signer.anchor()
    await owner.execute(
        "UPDATE ledger.event SET body = replace(convert_from(body, 'UTF8'), 'order.imported', 'order.<b>')::bytea "
        "WHERE site = $1 AND stream = $2 AND version = 1",
        site,
        order_stream(order["id"]),
    )
    text = await page(visitor, f"/orders/{order['id']}", status=500)
    assert "cannot be read" in text
    assert "badge broken" in text
    assert text.count("<li data-row") == 2
    assert "<b>" not in text
    assert "cannot be read" in await page(visitor, "/compare", status=500, a=order["id"])

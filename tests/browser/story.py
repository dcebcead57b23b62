"""What stands in the ledger that the browser looks at: a few orders with a past, one of them hostile.

Order 7 is the one of docs/console.md: three keys had a hand in it before it was cancelled.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from api.services import build_services
from ledger.commands import UpdateOrder
from ledger.events import OrderChanges
from ledger.ids import Position, Site, system_clock_ms
from ledger.processes.actor import system
from ledger.sites import KeyKind, Sites
from ledger.vocabulary import EventSource
from ops.cli.options import run_with_pool
from ops.target import Target
from projections.rebuild.runs import Outcome, RunRecord
from projections.webhooks.resending import Resending
from tests.acceptance.raw_orders import RawOrders
from tests.acceptance.steps import IMPORTED_AT, ORDER_DATE, Order
from tests.serving import PROGRAM, SITE, Server, until

DOCUMENT = Path(__file__).parents[2] / "docs" / "console.md"

CANCELLED = "7"
BUSY = "an-order-whose-id-is-forty-characters-ok"
BUSY_VERSIONS = 24
# Ids are what clients choose: this one has what paths, queries and attributes are made of.
HOSTILE = "<b>\"&?#7%'</b>"
HOSTILE_NOTE = (
    '<script>document.title = "script ran"; alert(1)</script>'
    "\u202egpj.exe\"' onload=alert(2) <img src=x onerror=alert(3)>"
)
# Milliseconds: a run that was heard of last in the year 2100 is heard of still.
_FAR_MS = 4_102_444_800_000
YEN, DINAR, ORIGINAL, RESENT = "yen", "dinar", "original", "resent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What tests need to know of it. ``before_cancelling`` is a position of the log, ``cause`` the id of an event of an
    invoice that led to a change of an order."""

    full_key: str
    reader_key: str
    before_cancelling: int
    refused_request: str
    failed_event: str
    cause: str


def tell(server: Server) -> Story:
    """Fill the quick start's site."""
    full_key, reader_key = _keys(server)
    orders = RawOrders(server.url, full_key)
    _endpoint(orders)
    _money(orders)
    _resent(orders)
    _hostile(orders)
    _busy(orders)
    _play_document(server)
    cause = run_with_pool(Target(server.data_dir), _cause)
    run_with_pool(Target(server.data_dir), _rebuilds)
    return Story(
        full_key=full_key,
        reader_key=reader_key,
        before_cancelling=_position(orders, CANCELLED, 5),
        refused_request=_refused_request(orders),
        failed_event=_failed_event(server),
        cause=cause,
    )


def new_order(orders: RawOrders, order_id: str, invoice_id: str = "inv_0005", **members: Any) -> Order:
    """An imported order."""
    times = {"created_at": IMPORTED_AT, "order_date": ORDER_DATE, "shipping_date": ORDER_DATE}
    return orders.import_order({"invoice_id": invoice_id, "id": order_id, "status": "queued", **times, **members})


def new_key(server: Server, name: str, kind: KeyKind = KeyKind.FULL) -> str:
    """One more key of the site."""

    async def make(pool: asyncpg.Pool) -> str:
        return await Sites(pool).create_key(Site(SITE), name, kind, system_clock_ms())

    return run_with_pool(Target(server.data_dir), make)


def revoke(server: Server, name: str) -> None:
    """Revoke a key; a server may remember it for a moment."""

    async def take(pool: asyncpg.Pool) -> bool:
        return bool(await Sites(pool).revoke_key(Site(SITE), name, system_clock_ms()))

    assert run_with_pool(Target(server.data_dir), take)


def _keys(server: Server) -> tuple[str, str]:
    async def make(pool: asyncpg.Pool) -> tuple[str, str]:
        sites = Sites(pool)
        full = await sites.create_key(Site(SITE), "tester", KeyKind.FULL, system_clock_ms())
        return full, await sites.create_key(Site(SITE), "auditor", KeyKind.READ_ONLY, system_clock_ms())

    return run_with_pool(Target(server.data_dir), make)


def _endpoint(orders: RawOrders) -> None:
    # An address of the service's own network, which deliveries never go to: each fails at once.
    form = {"name": "own network", "url": "http://127.0.0.1/hook"}
    status, body = orders.request("POST", "/webhook_endpoints", form)
    assert status == 200, body


def _failed_event(server: Server) -> str:
    found: list[str] = []

    async def troubled(pool: asyncpg.Pool) -> list[str]:
        return [each.event_id for each in await Resending(pool, Site(SITE)).troubled(limit=1)]

    def has_failed() -> bool:
        found[:] = run_with_pool(Target(server.data_dir), troubled)
        return bool(found)

    until(has_failed, what="a delivery has failed")
    return found[0]


def _money(orders: RawOrders) -> None:
    new_order(orders, YEN, "inv_0004")
    new_order(orders, DINAR, "inv_0008")


def _resent(orders: RawOrders) -> None:
    new_order(orders, ORIGINAL, "inv_0001")
    status, body = orders.request("POST", f"/orders/{ORIGINAL}/resend", {"resend_reason": "Lost in transit"})
    assert status == 200, body


def _hostile(orders: RawOrders) -> None:
    orders.create({"invoice_id": "inv_0003", "id": HOSTILE, "note": HOSTILE_NOTE, "reference_id": "<i>ref</i>\u202e"})
    status, body = orders.request(
        "POST", f"/orders/{quote(HOSTILE, safe='')}/cancel", {"cancellation_reason": "<u>x</u>"}
    )
    assert status in {200, 400}, body


def _busy(orders: RawOrders) -> None:
    new_order(orders, BUSY, "inv_0010")
    for number in range(2, BUSY_VERSIONS + 1):
        orders.update(BUSY, {"note": f"called {number} times"} if number % 4 else {"tracking_id": f"track-{number}"})


async def _cause(pool: asyncpg.Pool) -> str:
    """The service changes an order because of an event of its invoice."""
    services = build_services(pool, check_ready=_ready)
    [cause] = await services.store.events_at(Site(SITE), [Position(1)])
    service = system(Site(SITE), EventSource.SYSTEM, live=False, ids=services.ids, causation_id=cause.event_id)
    await services.handler.handle(UpdateOrder(order_id=ORIGINAL, changes=OrderChanges(note="paid by now")), service)
    await services.appender.close()
    return cause.event_id


async def _ready() -> None:
    """The database of a story is."""


async def _rebuilds(pool: asyncpg.Pool) -> None:
    """One that ended, one that was killed, and one that goes on as long as anybody looks."""
    async with RunRecord(pool, Site(SITE), "orders", check_only=True) as record:
        record.note(events=60, total=60, differing=0)
        record.end(Outcome.TRUE)
    now_ms = system_clock_ms()
    for run, started_at, seen_at in (
        (f"{now_ms:016}", now_ms - 90_000, now_ms - 60_000),
        ("9", _FAR_MS - 21_000, _FAR_MS),
    ):
        await pool.execute(
            """INSERT INTO ledger.rebuild_run
                (site, run, view, check_only, started_at, seen_at, events_read, events_total, differing)
            VALUES ($1, $2, 'order_versions', false, $3, $4, 250000, 800000, 3)""",
            SITE,
            run,
            started_at,
            seen_at,
        )


def _play_document(server: Server) -> None:
    """The story of docs/console.md, as it is printed there."""
    [story] = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    commands = "\n".join(line for line in story.splitlines() if not line.startswith("export "))
    environment = os.environ | {
        "URL": server.url,
        "KEY": str(server.key),
        "ORDER_LEDGER_DATA_DIR": str(server.data_dir),
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euc", commands], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _position(orders: RawOrders, order_id: str, version: int) -> int:
    status, body = orders.request("GET", f"/orders/{order_id}/history", {"limit": 100})
    assert status == 200, body
    [position] = [entry["change"]["position"] for entry in body["list"] if entry["change"]["version"] == version]
    return int(position)


def _refused_request(orders: RawOrders) -> str:
    found: list[str] = []

    def is_kept() -> bool:
        _, body = orders.request("GET", "/ledger/requests", {"order_id[is]": CANCELLED, "limit": 100})
        found[:] = [entry["request"]["id"] for entry in body["list"] if entry["request"]["is_refused"]]
        return bool(found)

    until(is_kept, what="the refused request is kept")
    return found[0]

"""Webhooks from services as a user runs them: over kills, and from two services on one database."""

import http.server
import json
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ops.database import Address
from tests.ops.command_line import url_of
from tests.serving import Server, running_server, until

PORT_OPTIONS = ("--webhooks-allow-private", "--webhook-port")


class Receiver:
    """A receiver in a thread. It holds each call as long as ``held`` is set."""

    def __init__(self) -> None:
        self.event_ids: list[str] = []
        self.begun = 0
        self.free = threading.Event()
        self.free.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.begun += 1
                receiver.free.wait()
                receiver.event_ids.append(json.loads(body)["id"])
                try:
                    self.send_response(200)
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.free.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def post(server: Server, path: str, **form: str) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.url}/api/v2/{path}", urllib.parse.urlencode(form).encode(), server.headers, method="POST"
    )
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def endpoint(server: Server, receiver: Receiver) -> None:
    post(server, "webhook_endpoints", name="x", url=f"http://127.0.0.1:{receiver.port}/")


async def fetch(address: Address, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(**address.owner)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def planned_ids(address: Address) -> list[str]:
    """Ids of the events that were planned, in their order."""
    rows = await fetch(
        address,
        "SELECT event_id FROM ledger.webhook_delivery JOIN ledger.event USING (site, position) ORDER BY position",
    )
    return [row["event_id"] for row in rows]


async def test_a_service_that_is_killed_in_the_middle_of_calls_makes_them_again(
    own_address: Address, receiver: Receiver, tmp_path: Path
) -> None:
    """All of it is killed while calls are being made: each event arrives, those calls once more."""
    options = ("--database-url", url_of(own_address), *PORT_OPTIONS, str(receiver.port))
    with running_server(tmp_path / "data", *options) as server:
        endpoint(server, receiver)
        receiver.free.clear()
        for _ in range(20):
            post(server, "orders", invoice_id="inv_0001")
        until(lambda: receiver.begun == 4, what="the calls of one endpoint that may be made at once")
        server.kill_everything()
    receiver.free.set()
    until(lambda: len(receiver.event_ids) == 4, what="the receiver has taken the calls of the dead")
    rows = await fetch(own_address, "SELECT status FROM ledger.webhook_delivery WHERE claim IS NOT NULL")
    claimed = len(rows)
    assert claimed >= 4
    assert {row["status"] for row in rows} == {"scheduled"}

    with running_server(tmp_path / "data", *options):
        await _await_statuses(own_address, {"succeeded": 20 - claimed, "scheduled": claimed})
        assert len(receiver.event_ids) == 4 + 20 - claimed
        await _let_claims_run_out(own_address)
        until(lambda: len(receiver.event_ids) == 24, what="what the dead were at is delivered again")
        await _await_statuses(own_address, {"succeeded": 20})
    ids = await planned_ids(own_address)
    assert sorted(set(receiver.event_ids)) == sorted(ids)
    assert receiver.event_ids.count(ids[0]) == 2
    # First calls begin in the order of the log, also after a kill.
    assert set(receiver.event_ids[:4]) == set(ids[:4])


async def test_two_services_on_one_database_do_no_work_twice(
    own_address: Address, receiver: Receiver, tmp_path: Path
) -> None:
    options = ("--database-url", url_of(own_address), *PORT_OPTIONS, str(receiver.port))
    # They share the keys that sign checkpoints, as two services must.
    with (
        running_server(tmp_path / "data", *options) as first,
        running_server(tmp_path / "data", *options) as second,
    ):
        endpoint(first, receiver)
        for number in range(60):
            post(first if number % 2 else second, "orders", invoice_id="inv_0001")
        until(lambda: len(receiver.event_ids) >= 60, what="all events are delivered")
        await _await_statuses(own_address, {"succeeded": 60})
    assert sorted(receiver.event_ids) == sorted(await planned_ids(own_address))


async def test_without_leave_a_service_calls_nobody_on_its_own_machine(
    own_address: Address, receiver: Receiver, tmp_path: Path
) -> None:
    options = ("--database-url", url_of(own_address), "--webhook-port", str(receiver.port))
    with running_server(tmp_path / "data", *options) as server:
        endpoint(server, receiver)
        post(server, "orders", invoice_id="inv_0001")
        await _await_statuses(own_address, {"re_scheduled": 1})
    rows = await fetch(own_address, "SELECT failure_reason FROM ledger.webhook_delivery")
    assert [row["failure_reason"] for row in rows] == ["the address of the host is loopback"]
    assert receiver.begun == 0


async def _let_claims_run_out(address: Address) -> None:
    """What time does in two minutes."""
    await fetch(address, "UPDATE ledger.webhook_delivery SET due_at = 1 WHERE claim IS NOT NULL RETURNING 1")


async def _await_statuses(address: Address, wanted: dict[str, int]) -> None:
    wanted = {status: count for status, count in wanted.items() if count}
    found: dict[str, int] = {}
    deadline = time.monotonic() + 120
    while found != wanted:
        assert time.monotonic() < deadline, found
        rows = await fetch(address, "SELECT status, count(*) AS count FROM ledger.webhook_delivery GROUP BY status")
        found = {row["status"]: row["count"] for row in rows}

"""What was asked and answered, on the command line and from a service of several processes."""

import asyncio
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.appender import Appender
from ledger.commands import CreateOrder
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site
from ledger.requests import NO_SITE, KeptParameter, KeptRequest, Requests
from ledger.sites import Sites
from ledger.store import Store
from ops.cli.main import app
from ops.database import Address, service_pool
from ops.invoice_loading import load_file
from ops.operator import operator
from projections.order_row import order_row
from tests.api.test_requests_kept import kept_request
from tests.serving import Server, running_server, until

runner = CliRunner()


@pytest.fixture
def database_url(address: Address) -> str:
    login = address.owner
    return f"postgresql://{login['user']}@/{login['database']}?host={login['host']}&port={login['port']}"


@pytest.fixture
def site(address: Address) -> Site:
    name = Site(f"cli-{os.urandom(6).hex()}")

    async def fill() -> None:
        async with service_pool(address) as pool:
            assert await Sites(pool).create_site(name, live=False, now_ms=1)
            requests = Requests(pool)
            await requests.keep(made(name))
            await requests.count_not_kept(name, "dropped", 2, 1_700_000_000_000)
            await requests.count_not_kept(NO_SITE, "unknown_caller", 1, 1_700_000_000_000)

    asyncio.run(fill())
    return name


def made(site: Site) -> list[KeptRequest]:
    return [
        kept_request(site, "req_1", at=1_700_000_000_000, order_id="o", status=200, operation="create"),
        kept_request(
            site,
            "req_2",
            at=1_700_000_001_000,
            order_id="o",
            api_error_code="invalid_state_for_request",
            message="The order is cancelled already.",
            origin_user="\x1b[31mann",
            parameters=(
                KeptParameter(name="cancellation_reason", value="others"),
                KeptParameter(name="comment", value="[redacted]", length=12),
            ),
            parameter_count=3,
        ),
        kept_request(site, "req_3", at=1_700_000_002_000, order_id="p", status=200, is_replayed=True),
    ]


def run(*arguments: str, database_url: str) -> Result:
    return runner.invoke(app, ["requests", *arguments, "--database-url", database_url])


def ids(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [each["id"] for each in json.loads(result.stdout)["list"]]


def test_requests_are_listed_and_filtered(database_url: str, site: Site) -> None:
    listed = run("--site", site, "--json", database_url=database_url)
    assert ids(listed) == ["req_3", "req_2", "req_1"]
    assert json.loads(listed.stdout)["dropped"] == 2
    assert json.loads(listed.stdout)["unknown_callers"] >= 1
    assert ids(run("-s", site, "--order", "o", "--json", database_url=database_url)) == ["req_2", "req_1"]
    assert ids(run("-s", site, "--refused", "--json", database_url=database_url)) == ["req_2"]
    assert ids(run("-s", site, "--limit", "1", "--json", database_url=database_url)) == ["req_3"]


def test_requests_are_told_in_words(database_url: str, site: Site) -> None:
    told = run("--site", site, database_url=database_url)
    assert told.exit_code == 0, told.output
    assert "refused: The order is cancelled already. (invalid_state_for_request)" in told.stdout
    assert "again, answered as the first time" in told.stdout
    assert "2 requests are missing, the last at 2023-11-14 22:13:20 UTC" in told.stderr
    assert "requests came without a known key" in told.stderr
    nothing = run("--site", site, "--order", "nobody", database_url=database_url)
    assert "No such request is kept." in nothing.stdout


def test_a_request_is_shown_with_all_that_is_known(database_url: str, site: Site) -> None:
    told = run("show", "req_2", "--site", site, database_url=database_url)
    assert told.exit_code == 0, told.output
    for line in (
        "order o",
        r"for \x1b[31mann",
        "asked cancellation_reason = others",
        "asked comment = [redacted], 12 characters",
        "and 1 more parameters",
        "changed nothing",
        "not part of the proven record",
    ):
        assert line in told.stdout
    assert "\x1b" not in told.stdout
    shown = run("show", "req_2", "--site", site, "--json", database_url=database_url)
    assert json.loads(shown.stdout)["proven"] is False


def test_what_is_not_there_is_said(database_url: str, site: Site) -> None:
    assert "No request req_9 is kept" in str(run("show", "req_9", "-s", site, database_url=database_url).exception)
    assert "There is no site nobody" in str(run("-s", "nobody", database_url=database_url).exception)


def test_the_history_of_an_order_shows_what_was_refused_between_its_changes(
    address: Address, database_url: str
) -> None:
    name = Site(f"cli-{os.urandom(6).hex()}")

    async def fill() -> None:
        async with service_pool(address) as pool:
            assert await Sites(pool).create_site(name, live=False, now_ms=1)
            await load_file(pool, name, StringIO('{"id":"i","status":"paid","currency_code":"USD","line_items":[]}'))
            appender = Appender(pool)
            handler = CommandHandler(Store(pool), appender, row_of=order_row)
            await handler.handle(CreateOrder(id="o", invoice_id="i"), operator(name, live=False, ids=IdSource()))
            await appender.close()
            await Requests(pool).keep([kept_request(name, "req_o", at=2_000_000_000_000, order_id="o", message="No.")])

    asyncio.run(fill())
    arguments = ["history", "o", "--site", name, "--database-url", database_url]
    told = runner.invoke(app, [*arguments, "--with-requests"])
    assert told.exit_code == 0, told.output
    assert told.stdout.index("leaf ") < told.stdout.index("refused: No.")
    assert "refused" not in runner.invoke(app, arguments).stdout
    entries = json.loads(runner.invoke(app, [*arguments, "--with-requests", "--json", "--desc"]).stdout)
    assert [list(entry) for entry in entries] == [["request"], ["change"]]


# A service of several processes


def send(server: Server, path: str, form: dict[str, str] | None = None) -> tuple[str, Any]:
    """The id of a request and the body of its answer."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(server.url + "/api/v2" + path, data=data, headers=server.headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.headers["x-request-id"], json.load(response)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.headers["x-request-id"], json.load(refused)


def test_all_processes_keep_requests_and_write_what_waits_when_they_stop(data_dir: Path) -> None:
    with running_server(data_dir, "--workers", "2") as server:
        sent = {send(server, "/orders", {"invoice_id": "inv_0001"})[0] for _ in range(30)}
        sent |= {send(server, "/orders/nobody")[0] for _ in range(10)}
        until(lambda: known(server) >= sent, what="all requests can be looked up")
        found = send(server, f"/ledger/requests/{min(sent)}")[1]["request"]
        assert [event["type"] for event in found["events"]] == ["order.created"] or found["status"] == 404
        last = {send(server, "/orders", {"invoice_id": "nobody"})[0] for _ in range(20)}
        assert server.stop() == 0
        assert "Traceback" not in server.errors
    with running_server(data_dir) as server:
        assert known(server) >= sent | last


def test_a_database_that_is_killed_costs_no_request_that_waits(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        send(server, "/orders", {"invoice_id": "inv_0001"})
        postmaster = server.postmaster()
        assert postmaster
        sent = {send(server, "/orders", {"invoice_id": "nobody"})[0] for _ in range(5)}
        server.kill(postmaster)
        until(lambda: known(server) >= sent, what="what waited is written by the database that was started again")


def known(server: Server) -> set[str]:
    body = send(server, "/ledger/requests?limit=100")[1]
    return {entry["request"]["id"] for entry in body.get("list", ())}

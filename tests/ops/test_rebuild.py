"""Rebuilding on the command line: what differs is printed, put right when asked, and told by the exit status."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api.services import build_services
from ledger.consumer import catch_up
from ledger.ids import Site
from ops.database import Address, service_pool
from projections.changes.index import ChangeIndex
from tests.log.traffic import HandlerDoor, import_shared, load_big_invoices
from tests.ops.test_command_line import as_json, database_url, run, site_name

__all__ = ["database_url", "site_name"]


@pytest.fixture
def orders(address: Address, site_name: str) -> None:
    """Twenty orders on the site."""

    async def make() -> None:
        async with service_pool(address) as pool:
            await load_big_invoices(pool, site_name)
            services = build_services(pool, check_ready=asyncio.Event().wait)  # type: ignore[arg-type]
            await import_shared(HandlerDoor(services, Site(site_name)))
            await services.appender.close()

    asyncio.run(make())


def execute(address: Address, statement: str, *arguments: Any) -> Any:
    async def work() -> Any:
        connection = await asyncpg.connect(**address.owner)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(work())


def damage(address: Address, site_name: str) -> None:
    execute(address, "UPDATE ledger.order_view SET status = 'new' WHERE site = $1 AND id = 'shared_1'", site_name)


@pytest.mark.usefixtures("orders")
def test_a_true_view_is_said_to_be_one(database_url: str, site_name: str) -> None:
    result = run("rebuild", "--site", site_name, "--check", database_url=database_url)
    assert result.exit_code == 0, result.output
    assert "20 orders from 20 events" in result.stdout
    assert "the view is what the log says" in result.stdout


@pytest.mark.usefixtures("orders")
def test_a_difference_is_printed_by_a_check_and_put_right_by_a_rebuild(
    address: Address, database_url: str, site_name: str
) -> None:
    damage(address, site_name)
    for _ in range(2):
        checked = run("rebuild", "--site", site_name, "--check", database_url=database_url)
        assert checked.exit_code == 2
        assert "shared_1: differs" in checked.stdout
        assert 'column.status: "new" → "queued"' in checked.stdout
        assert "1 differs; not changed" in checked.stdout
    rebuilt = run("rebuild", "--site", site_name, database_url=database_url)
    assert rebuilt.exit_code == 0
    assert "1 differs; put right" in rebuilt.stdout
    assert run("rebuild", "--site", site_name, "--check", database_url=database_url).exit_code == 0


@pytest.mark.usefixtures("orders")
def test_machines_get_json_and_one_order_can_be_named(address: Address, database_url: str, site_name: str) -> None:
    damage(address, site_name)
    options = ("rebuild", "--site", site_name, "--json", "--order")
    told = as_json(run(*options, "shared_1", database_url=database_url))
    assert (told["is_true"], told["findings"]["differs"], told["put"]) == (False, 1, 1)
    assert told["differences"][0]["changes"] == [{"path": "column.status", "before": "new", "after": "queued"}]
    assert as_json(run(*options, "shared_1", database_url=database_url))["is_true"] is True
    unknown = run(*options, "nobody", database_url=database_url)
    assert "has no order nobody" in str(unknown.exception)
    elsewhere = run("rebuild", "--site", "nowhere", database_url=database_url)
    assert "There is no site nowhere" in str(elsewhere.exception)


@pytest.mark.usefixtures("orders")
def test_a_parked_order_is_listed_and_taken_back_once_it_can_be_read(
    address: Address, database_url: str, site_name: str
) -> None:
    key = (site_name, "order-shared_2")
    where = "WHERE site = $1 AND stream = $2"
    leaf = execute(address, f"SELECT leaf FROM ledger.event {where}", *key)
    execute(address, f"UPDATE ledger.event SET leaf = $3 {where}", *key, bytes(32))
    rebuilt = run("rebuild", "--site", site_name, database_url=database_url)
    assert rebuilt.exit_code == 2
    assert "parked order-shared_2: Event" in rebuilt.stdout

    listed = run("parked", "list", "--site", site_name, "--json", database_url=database_url)
    assert listed.exit_code == 2
    assert '"stream": "order-shared_2"' in listed.stdout
    retry = ("parked", "retry", "shared_2", "--site", site_name)
    assert "still cannot be read" in run(*retry, "--yes", database_url=database_url).stdout

    execute(address, f"UPDATE ledger.event SET leaf = $3 {where}", *key, leaf)
    execute(address, "UPDATE ledger.order_view SET status = 'new' WHERE site = $1 AND id = 'shared_2'", site_name)
    refused = run(*retry, database_url=database_url, stdin="n\n")
    assert refused.exit_code == 1
    assert 'column.status: "new" → "queued"' in refused.stdout
    taken = run(*retry, database_url=database_url, stdin="y\n")
    assert taken.exit_code == 0
    assert "shared_2 is not parked any more" in taken.stdout
    assert "nothing is parked" in run("parked", "list", "--site", site_name, database_url=database_url).stdout
    assert run("rebuild", "--site", site_name, "--check", database_url=database_url).exit_code == 0
    unparked = run(*retry, "--yes", database_url=database_url)
    assert "is not parked" in str(unparked.exception)


def follow_changes(address: Address, site_name: str) -> None:
    async def work() -> None:
        async with service_pool(address) as pool:
            await catch_up(pool, ChangeIndex(), Site(site_name))

    asyncio.run(work())


@pytest.mark.usefixtures("orders")
def test_the_index_of_the_log_is_checked_and_put_right(address: Address, database_url: str, site_name: str) -> None:
    follow_changes(address, site_name)
    options = ("rebuild", "--view", "changes", "--site", site_name)
    ended = "SELECT string_agg(view || ' ' || outcome, ', ' ORDER BY run) FROM ledger.rebuild_run WHERE site = $1"
    true = run(*options, "--check", database_url=database_url)
    assert true.exit_code == 0, true.output
    assert "the index of the log is what the log says" in true.stdout
    execute(address, "UPDATE ledger.change SET actor = 'x' WHERE site = $1 AND position IN (2, 3)", site_name)
    for _ in range(2):
        checked = run(*options, "--check", database_url=database_url)
        assert checked.exit_code == 2, checked.output
        assert "event 2: its row differs\nevent 3: its row differs\n" in checked.stdout
        assert "events whose rows were not what the log says: 2; not changed" in checked.stdout
    rebuilt = run(*options, database_url=database_url)
    assert rebuilt.exit_code == 0, rebuilt.output
    assert "events whose rows were not what the log says: 2; put right" in rebuilt.stdout
    told = as_json(run(*options, "--check", "--json", database_url=database_url))
    assert (told["is_true"], told["differing"], told["events"]) == (True, [], told["position"])
    outcomes = ("true", "differs", "differs", "put_right", "true")
    assert execute(address, ended, site_name) == ", ".join(f"changes {outcome}" for outcome in outcomes)


def test_the_index_of_the_log_is_rebuilt_as_a_whole(database_url: str, site_name: str) -> None:
    refused = run("rebuild", "--view", "changes", "--order", "1", "--site", site_name, database_url=database_url)
    assert refused.exit_code == 1
    assert "--order does not go with --view changes" in str(refused.exception)

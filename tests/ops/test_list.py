"""Lists on the command line, now and as of a moment; and the index of past orders, checked and rebuilt."""

import asyncio
from typing import Any

import pytest

from api.services import build_services
from ledger.consumer import catch_up
from ledger.ids import Site
from ops.database import Address, service_pool
from projections.past.consumer import OrderVersions
from tests.log.traffic import Asked, HandlerDoor, import_shared, load_big_invoices
from tests.ops.test_command_line import as_json, database_url, run, site_name
from tests.ops.test_rebuild import execute

__all__ = ["database_url", "site_name"]


@pytest.fixture
def before(address: Address, site_name: str) -> int:
    """A position before which twenty orders were queued, and behind which one of them was delivered."""

    async def make() -> int:
        async with service_pool(address) as pool:
            await load_big_invoices(pool, site_name)
            services = build_services(pool, check_ready=asyncio.Event().wait)  # type: ignore[arg-type]
            door = HandlerDoor(services, Site(site_name))
            await import_shared(door)
            position = await services.store.head_position(Site(site_name))
            asked = Asked(operation="update", order_id="shared_3", form={"status": "delivered"})
            assert (await door.ask(asked)).status == 200
            await services.appender.close()
            await catch_up(pool, OrderVersions(), Site(site_name))
            return position or 0

    return asyncio.run(make())


def test_a_list_is_shown_as_it_is_and_as_it_was(database_url: str, site_name: str, before: int) -> None:
    def statuses(*options: str) -> dict[str, str]:
        result = run("list", "--site", site_name, "--limit", "100", "--json", *options, database_url=database_url)
        assert result.exit_code == 0, result.output
        return {order["id"]: order["status"] for order in as_json(result)}

    now, then = statuses(), statuses("--at", f"#{before}")
    assert len(now) == len(then) == 20
    assert {order_id: status for order_id, status in now.items() if then[order_id] != status} == {
        "shared_3": "delivered"
    }
    assert statuses("--filter", "status[is]=delivered").keys() == {"shared_3"}
    assert statuses("--filter", "status[is]=delivered", "--at", f"#{before}") == {}

    result = run("list", "--site", site_name, "--at", f"#{before}", "--desc", database_url=database_url)
    assert result.stdout.count("queued") == 20


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at", "1"), "no versions"),
        (("--at", "#999999"), "beyond the last position"),
        (("--at", "2999-01-01"), "in the future"),
        (("--filter", "status"), "is no filter"),
        (("--filter", "offset=x"), "is no filter"),
        (("--filter", "colour[is]=red"), "is no filter"),
        (("--filter", "status[is]=red"), "status[is]"),
        (("--sort", "colour"), "sort_by[asc]"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    database_url: str, site_name: str, before: int, options: tuple[str, ...], words: str
) -> None:
    result = run("list", "--site", site_name, *options, database_url=database_url)
    assert result.exit_code == 1
    assert words in str(result.exception)


def test_the_index_of_past_orders_is_checked_and_rebuilt(
    address: Address, database_url: str, site_name: str, before: int
) -> None:
    def rebuild(*options: str) -> Any:
        return run("rebuild", "--site", site_name, "--view", "order_versions", *options, database_url=database_url)

    result = rebuild("--check")
    assert result.exit_code == 0, result.output
    assert "1 past versions of 20 orders from 21 events" in result.stdout
    assert "the index of past orders is what the log says" in result.stdout

    execute(address, "UPDATE ledger.order_version SET status = 'new' WHERE site = $1", site_name)
    result = rebuild("--check")
    assert result.exit_code == 2
    assert "shared_3: its versions differ" in result.stdout
    assert as_json(rebuild("--json"))["differing"] == ["shared_3"]
    assert rebuild("--check", "--order", "shared_3").exit_code == 0

"""An order whose stored event was changed is no riddle: every way to it says that its record cannot be read."""

import asyncpg
import pytest

from ledger.ids import Site
from tests.api.requests import ORDERS, Client, create


@pytest.fixture
async def broken(client: Client, owner: asyncpg.Connection, site: Site) -> str:
    """An order whose events have other types than any that there are."""
    order = await create(client, id="broken")
    assert (await client.post(f"{ORDERS}/broken", data={"note": "x"})).status == 200
    changed = await owner.execute(
        "UPDATE ledger.event SET body = replace(convert_from(body, 'UTF8'), '\"order.', '\"other.')::bytea "
        "WHERE site = $1 AND stream = 'order-broken'",
        site,
    )
    assert changed == "UPDATE 2"
    return str(order["id"])


@pytest.mark.parametrize("path", ["/history", "/diff", "?as_of[version]=1"])
async def test_reads_of_its_past_say_so(client: Client, broken: str, path: str) -> None:
    answer = await client.get(f"{ORDERS}/{broken}{path}")
    assert answer.status == 500
    assert (await answer.json())["message"].startswith("The record cannot be read")


async def test_commands_say_so_and_change_nothing(client: Client, broken: str) -> None:
    before = await (await client.get(f"{ORDERS}/{broken}")).json()
    answer = await client.post(f"{ORDERS}/{broken}", data={"note": "y"})
    assert answer.status == 500
    assert (await answer.json())["message"].startswith("The record cannot be read")
    assert await (await client.get(f"{ORDERS}/{broken}")).json() == before

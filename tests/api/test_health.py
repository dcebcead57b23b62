"""GET /ledger/health: how the site stands, as the console shows it; not for who may see a part of the site alone."""

from io import StringIO
from typing import Any

import asyncpg
import jsonschema_rs
import msgspec

from ledger.consumer import catch_up
from ledger.ids import Site, order_stream, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.transparency.checkpoint_store import StoredAnchor
from ops.invoice_loading import load_file
from projections.changes.index import ChangeIndex
from projections.rebuild.runs import Outcome, RunRecord
from tests.api.description import DOCUMENT
from tests.api.requests import ORDERS, Client, basic, import_order, refused
from tests.conftest import new_site
from tests.ledger.transparency.given import Signer

HEALTH = "/api/v2/ledger/health"


async def health(client: Client, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await client.get(HEALTH, headers=headers)
    told: dict[str, Any] = await answer.json()
    assert answer.status == 200, told
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/HealthAnswer"}, told)
    found: dict[str, Any] = told["health"]
    return found


async def test_it_tells_how_far_the_log_and_what_follows_it_have_come(
    client: Client, pool: asyncpg.Pool, site: Site, signer: Signer
) -> None:
    await import_order(client, id="1")
    await catch_up(pool, ChangeIndex(), site)
    await signer.sign()
    upto = (await health(client))["head"]
    await signer.store.put_anchor(StoredAnchor(place="file", size=upto, anchored_at=system_clock_ms()))
    await client.post(f"{ORDERS}/1", data={"note": "newer"})
    found = await health(client)
    assert found["head"] == upto + 1
    [consumer] = [each for each in found["consumers"] if each["name"] == "changes"]
    assert (consumer["position"], consumer["behind"]) == (upto, 1)
    assert consumer["waiting_since_ms"] <= found["now_ms"]
    assert found["checkpoint"]["size"] == upto
    assert [anchor["size"] for anchor in found["anchors"]] == [upto]
    assert found["requests_not_kept"] == 0
    assert "parked" not in found
    assert "rebuilds" not in found


async def test_it_names_orders_that_cannot_be_read_and_rebuilds_with_how_far_they_are(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    await pool.execute(
        """INSERT INTO ledger.parked (site, projection, stream, position, version, reason, parked_at)
        VALUES ($1, 'orders', $2, 7, 2, 'no event', 1000)""",
        site,
        order_stream("1"),
    )
    async with RunRecord(pool, site, "orders", check_only=True) as record:
        assert (await health(client))["rebuilds"][0]["phase"] == "running"
        record.note(events=40, total=100, differing=3)
        record.end(Outcome.DIFFERS)
    found = await health(client)
    [parked] = found["parked"]
    assert (parked["order_id"], parked["view"], parked["reason"]) == ("1", "orders", "no event")
    [run] = found["rebuilds"]
    assert (run["phase"], run["outcome"], run["events_read"], run["events_total"]) == ("ended", "differs", 40, 100)
    assert run["differing"] == 3
    assert "left_s" not in run


async def test_it_is_of_ones_own_site_and_not_for_a_part_of_it(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    elsewhere = await new_site(pool)
    key = await Sites(pool).create_key(elsewhere, "k", KeyKind.READ_ONLY, system_clock_ms())
    async with RunRecord(pool, site, "orders", check_only=True) as record:
        record.end(Outcome.TRUE)
    other = await health(client, basic(key))
    assert other["head"] == 0
    assert "rebuilds" not in other
    invoice = {"id": "inv_be", "status": "paid", "currency_code": "USD", "line_items": [], "business_entity_id": "be_1"}
    assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1
    restricted = await client.get(HEALTH, headers={"chargebee-business-entity-id": "be_1"})
    await refused(restricted, 403, "api_authorization_failed")

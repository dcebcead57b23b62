"""What is forgotten: deliveries of events that are not shown any more, and credentials that no endpoint names."""

from ops.serving.webhooks import forget_old_deliveries
from tests.webhooks.conftest import Shop

URL = "https://shop.example.com/hook"


async def usernames(shop: Shop) -> set[str]:
    rows = await shop.pool.fetch("SELECT username FROM ledger.webhook_credentials WHERE site = $1", shop.site)
    return {row["username"] for row in rows}


async def test_credentials_are_kept_while_an_endpoint_names_them(shop: Shop) -> None:
    endpoint = await shop.endpoint(URL, basic_auth_username="first")
    await shop.change_endpoint(endpoint["id"], basic_auth_username="second")
    gone = await shop.endpoint(URL, basic_auth_username="gone")
    await shop.change_endpoint(gone["id"], "/delete")
    for _ in range(4):
        await shop.endpoint(URL)
    refused = await shop.client.post(
        "/api/v2/webhook_endpoints", data={"name": "x", "url": URL, "basic_auth_username": "sixth"}
    )
    assert refused.status == 400
    await forget_old_deliveries(shop.services)
    # What was made lately may be named in a moment.
    assert await usernames(shop) == {"first", "second", "gone", "sixth"}
    shop.clock.pass_s(3601)
    await forget_old_deliveries(shop.services)
    assert await usernames(shop) == {"second"}


async def test_deliveries_are_forgotten_with_their_events(shop: Shop) -> None:
    await shop.endpoint(URL)
    await shop.order()
    await shop.plan()
    shop.clock.pass_s(90 * 86400)
    await forget_old_deliveries(shop.services)
    assert await shop.statuses() == ["scheduled"]
    shop.clock.pass_s(1)
    await forget_old_deliveries(shop.services)
    assert await shop.statuses() == []

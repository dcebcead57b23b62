"""The official SDKs parse what is delivered: bodies as they came, not as we think they are."""

import json
import subprocess
import sys
from typing import Any

from chargebee.models.order.responses import OrderResponse

from tests.acceptance.sdk_orders import sdk_client
from tests.contract.contract import CONTRACT
from tests.sdk.older import FOLDER
from tests.webhooks.conftest import Shop
from tests.webhooks.receiver import accept, answer, receiving

_OLDER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from chargebee.models import Event
from chargebee.version import VERSION
event = Event.deserialize(sys.stdin.read())
shown = {"version": VERSION, "id": event.id, "event_type": event.event_type, "status": event.webhook_status}
shown["order"] = {"id": event.content.order.id, "invoice_id": event.content.order.invoice_id}
shown["webhooks"] = [each["webhook_status"] for each in event.values.get("webhooks", [])]
print(json.dumps(shown))
"""


async def delivered(shop: Shop) -> list[bytes]:
    """The bodies of a first call that fails, and of the second one."""
    async with receiving(answer(500)) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")
            receiver.behaviour = accept
            shop.clock.pass_s(120)
            await shop.until("succeeded")
    return [call.body for call in receiver.calls]


async def test_the_newer_sdk_parses_what_is_delivered(shop: Shop) -> None:
    first, second = await delivered(shop)
    client = sdk_client("http://127.0.0.1:1", "key")
    event = client.Event.deserialize(first.decode())
    assert event.event_type == "order_created"
    assert event.webhook_status == "scheduled"
    order = OrderResponse.construct(event.content["order"])
    assert (order.invoice_id, order.id) == ("inv_0001", json.loads(first)["content"]["order"]["id"])
    again = client.Event.deserialize(second.decode())
    assert again.id == event.id
    assert (again.webhook_status, [each.webhook_status for each in again.webhooks]) == (
        "re_scheduled",
        ["re_scheduled"],
    )
    always = {name for name, each in CONTRACT["event"]["fields"].items() if each["always_present"]}
    assert always <= set(json.loads(first))


async def test_the_older_sdk_parses_what_is_delivered(shop: Shop) -> None:
    first, second = await delivered(shop)
    shown = [_older(body) for body in (first, second)]
    assert {each["version"] for each in shown} == {"2.60.1"}
    assert shown[0]["id"] == shown[1]["id"]
    assert [each["event_type"] for each in shown] == ["order_created"] * 2
    assert [each["status"] for each in shown] == ["scheduled", "re_scheduled"]
    assert [each["webhooks"] for each in shown] == [[], ["re_scheduled"]]
    assert shown[0]["order"]["invoice_id"] == "inv_0001"


def _older(body: bytes) -> dict[str, Any]:
    """What version 2.60.1 reads, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _OLDER, str(FOLDER)], input=body, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown

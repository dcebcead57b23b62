"""Every change records what it was answered with: the log itself tells whether the API ever said something else."""

import hashlib
import json

import asyncpg

from ledger.ids import Position, Site
from ledger.store import Store
from tests.api.requests import ORDERS, Client, create


async def test_the_last_event_of_an_order_in_a_command_holds_the_digest_of_the_answer(
    client: Client, site: Site, pool: asyncpg.Pool
) -> None:
    store = Store(pool)
    before = await store.head_position(site) or 0
    order = await create(client, note="ring twice")
    answers = [await (await client.get(f"{ORDERS}/{order['id']}")).read()]
    for params in ({"note": "ring once"}, {"status": "cancelled", "cancellation_reason": "fraudulent_transaction"}):
        changed = await client.post(f"{ORDERS}/{order['id']}", data=params)
        assert changed.status == 200
        answers.append(await changed.read())

    events = await store.read_log(site, after=Position(before))
    recorded = [json.loads(event.body).get("document") for event in events if event.stream == f"order-{order['id']}"]
    documents = [answer.removeprefix(b'{"order":').removesuffix(b"}") for answer in answers]
    assert recorded == [hashlib.sha256(document).hexdigest() for document in documents]
    others = [json.loads(event.body) for event in events if not event.stream.startswith("order-")]
    assert not any("document" in body for body in others)

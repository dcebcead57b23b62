"""An event's page tells what led to it and what it led to, both ways, and what began with the same request."""

from api.services import Services
from ledger.commands import UpdateOrder
from ledger.events import OrderChanges
from ledger.ids import Position, Site
from ledger.processes.actor import system
from ledger.vocabulary import EventSource
from tests.api.console.pages import page
from tests.api.requests import ORDERS, Client, import_order


async def follow(services: Services, site: Site, order_id: str, causation_id: str, note: str) -> None:
    """The service changes an order because of something."""
    service = system(site, EventSource.SYSTEM, live=False, ids=services.ids, causation_id=causation_id)
    await services.handler.handle(UpdateOrder(order_id=order_id, changes=OrderChanges(note=note)), service)


async def test_what_an_event_led_to_names_it_as_its_cause_and_the_other_way_round(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    order = await import_order(client, "inv_0001", id="7")
    [cause] = await services.store.events_at(site, [Position(1)])
    await follow(services, site, order["id"], cause.event_id, "as the invoice says")
    event = await page(visitor, f"/events/{cause.event_id}")
    assert "what it led to" in event
    assert '<a href="/console/orders/7?v=2">7, version 2</a>: Updated: note' in event
    caused = await page(visitor, "/orders/7", v="2")
    assert f'<a href="/console/events/{cause.event_id}">Invoice' in caused
    assert "nothing in this log" in caused
    # The list of changes says the same.
    listed = await page(visitor, "/activity", q=f"cause:{cause.event_id}")
    assert listed.count("data-row") == 1
    assert "Updated: note" in listed


async def test_the_cause_of_a_plain_call_is_its_request_and_what_else_it_made_is_named(
    visitor: Client, client: Client
) -> None:
    order = await import_order(client, "inv_0001", id="7")
    answer = await client.post(f"{ORDERS}/{order['id']}/resend", data={"resend_reason": "lost"})
    made, request = (await answer.json())["order"]["id"], answer.headers["x-request-id"]
    text = await page(visitor, f"/orders/{made}", v="1")
    assert f'its <a href="/console/requests/{request}">request</a>' in text
    assert "of the same request" in text
    assert '<a href="/console/orders/7?v=2">7, version 2</a>' in text
    assert f"all that began with <code>{request}</code>" in text
    group = await page(visitor, "/activity", q=f"correlation:{request}")
    assert group.count("data-row") == 3


async def test_a_cause_of_another_site_is_named_and_leads_nowhere(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    await import_order(client, "inv_0001", id="7")
    await follow(services, site, "7", "ev_<of>_theirs", "x")
    text = await page(visitor, "/orders/7", v="2")
    assert "the event <code>ev_&lt;of&gt;_theirs</code> of the site that sent it in" in text


async def test_of_many_that_an_event_led_to_some_are_named_and_all_are_listed(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    await import_order(client, "inv_0001", id="7")
    [cause] = await services.store.events_at(site, [Position(1)])
    for number in range(12):
        await follow(services, site, "7", cause.event_id, f"note {number}")
    text = await page(visitor, f"/events/{cause.event_id}")
    assert text.count("7, version ") == 10
    assert "all of them" in text
    assert (await page(visitor, "/activity", q=f'cause:"{cause.event_id}"')).count("data-row") == 12


async def test_an_event_of_an_order_is_a_version_of_it_and_an_unknown_one_is_told(
    visitor: Client, client: Client, services: Services, site: Site
) -> None:
    await import_order(client, "inv_0001", id="7")
    event = (await services.history.entries(site, "7"))[0].record.event_id
    answer = await visitor.get(f"/console/events/{event}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/console/orders/7?v=1")
    await page(visitor, "/events/ev_nobody", status=404)

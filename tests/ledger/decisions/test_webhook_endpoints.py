"""Webhook endpoints: what is recorded, and who is primary afterwards (chargebee/events.md, section 6)."""

import pytest

from ledger.commands import CreateWebhookEndpoint, DeleteWebhookEndpoint, UpdateWebhookEndpoint
from ledger.events import OrderDeleted, WebhookEndpointCreated, WebhookEndpointDeleted, WebhookEndpointUpdated
from ledger.parts import WebhookEndpoint
from ledger.webhook_endpoints import WebhookEndpoints, fold_webhook_endpoints
from tests.ledger.given import Ledger, Refusal

STREAM = "webhook_endpoints"


def create(endpoint_id: str, *, primary: bool = False) -> CreateWebhookEndpoint:
    endpoint = WebhookEndpoint(id=endpoint_id, name=endpoint_id, url="https://shop.example.com/", primary_url=primary)
    return CreateWebhookEndpoint(endpoint=endpoint)


def update(endpoint_id: str, **changes: object) -> UpdateWebhookEndpoint:
    return UpdateWebhookEndpoint(endpoint_id=endpoint_id, changes=changes)


def test_the_first_endpoint_becomes_primary_in_its_own_event() -> None:
    [created] = Ledger().given().when(create("a")).events
    assert isinstance(created, WebhookEndpointCreated)
    assert (created.originator_id, created.originator_version, created.endpoint.primary_url) == (STREAM, 1, True)


def test_a_new_primary_endpoint_takes_it_from_the_other_in_one_append() -> None:
    happened = Ledger().given(create("a"), create("b")).when(create("c", primary=True))
    assert happened.types == [(STREAM, "webhook_endpoint.created"), (STREAM, "webhook_endpoint.updated")]
    updated = happened.events[1]
    assert isinstance(updated, WebhookEndpointUpdated)
    assert (updated.endpoint.id, updated.endpoint.primary_url, updated.originator_version) == ("a", False, 4)


def test_an_update_records_the_whole_endpoint_and_only_if_it_differs() -> None:
    ledger = Ledger().given(create("a"), create("b"))
    [updated] = ledger.when(update("b", disabled=True, enabled_events=("order_created",))).events
    assert isinstance(updated, WebhookEndpointUpdated)
    assert (updated.endpoint.disabled, updated.endpoint.enabled_events) == (True, ("order_created",))
    assert updated.endpoint.name == "b"
    assert ledger.when(update("b", disabled=True)).events == ()


def test_the_only_endpoint_cannot_give_up_being_primary() -> None:
    assert Ledger().given(create("a")).when(update("a", primary_url=False)).events == ()


def test_the_last_one_that_is_left_becomes_primary() -> None:
    deleted, updated = Ledger().given(create("a"), create("b")).when(DeleteWebhookEndpoint(endpoint_id="a")).events
    assert isinstance(deleted, WebhookEndpointDeleted)
    assert isinstance(updated, WebhookEndpointUpdated)
    assert (deleted.endpoint_id, updated.endpoint.id, updated.endpoint.primary_url) == ("a", "b", True)


def test_a_sixth_endpoint_is_refused() -> None:
    ledger = Ledger().given(*(create(each) for each in "abcde"))
    assert ledger.refusal(create("f")) == Refusal(400, "resource_limit_exceeded", None)
    ledger.when(DeleteWebhookEndpoint(endpoint_id="c"))
    assert ledger.when(create("f")).events


@pytest.mark.parametrize("command", [update("x", name="y"), DeleteWebhookEndpoint(endpoint_id="x")])
def test_an_endpoint_that_is_not_there_is_not_found(command: UpdateWebhookEndpoint | DeleteWebhookEndpoint) -> None:
    ledger = Ledger().given(create("a"), create("x"), DeleteWebhookEndpoint(endpoint_id="x"))
    assert ledger.refusal(command) == Refusal(404, "resource_not_found", None)


def test_endpoints_are_called_with_the_primary_one_first_and_then_by_age() -> None:
    endpoints = [WebhookEndpoint(id=each, name="x", url="x", primary_url=each == "c") for each in "abcd"]
    state = WebhookEndpoints(endpoints=tuple(endpoints))
    assert [each.id for each in state.in_order_of_calls()] == ["c", "a", "b", "d"]


def test_an_event_of_something_else_is_not_folded() -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        fold_webhook_endpoints([OrderDeleted(originator_id=STREAM, originator_version=1, timestamp=1)])

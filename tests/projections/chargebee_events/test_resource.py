"""The event resource: what each member is, and in which order they stand."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.envelope import Metadata, RecordedEvent
from ledger.events import EVENT_TYPES
from ledger.ids import Position, Site, StreamId, Version
from ledger.order import Order
from ledger.vocabulary import EventSource, OrderStatus, OrderType, PriceType, WebhookStatus
from projections.chargebee_events.delivery import NOT_CONFIGURED, EventDelivery
from projections.chargebee_events.event_types import SHOWN, OrderEventType, logged_as
from projections.chargebee_events.resource import event_json
from projections.chargebee_events.vocabulary import KNOWN_EVENT_TYPES
from projections.order_document import order_json
from tests.contract.contract import CONTRACT

ACME = Site("acme")
ORDER = Order(
    id="o1",
    version=1,
    resource_version=1_700_000_000_999,
    status_update_at=1_700_000_000,
    invoice_id="inv_1",
    status=OrderStatus.QUEUED,
    order_type=OrderType.MANUAL,
    price_type=PriceType.TAX_EXCLUSIVE,
    created_at=1_700_000_000,
)
RECORD = RecordedEvent(
    stream=StreamId("order-o1"),
    version=Version(1),
    type="order.created",
    recorded_at=1_700_000_000_999,
    event_id="ev___test__1",
    leaf=bytes(32),
    body=b"",
    position=Position(7),
)
METADATA = Metadata(
    actor="key",
    actor_kind="api_key",
    source="api",
    request_id="r",
    correlation_id="r",
    causation_id="r",
    origin_user="ann@example.com",
)


def event(
    metadata: Metadata = METADATA, delivery: EventDelivery = NOT_CONFIGURED, record: RecordedEvent = RECORD
) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event_json(ACME, record, metadata, ORDER, delivery))
    return found


def test_scalars_come_first_and_the_content_last() -> None:
    webhooks = (("whv2_1", WebhookStatus.SUCCEEDED), ("whv2_2", WebhookStatus.FAILED))
    found = event(delivery=EventDelivery(WebhookStatus.RE_SCHEDULED, "timed out", webhooks))
    assert list(found.items()) == [
        ("id", "ev___test__1"),
        ("occurred_at", 1_700_000_000),
        ("source", "api"),
        ("user", "key"),
        ("origin_user", "ann@example.com"),
        ("event_type", "order_created"),
        ("api_version", "v2"),
        ("webhook_status", "re_scheduled"),
        ("webhook_failure_reason", "timed out"),
        ("site_id", "acme"),
        ("object", "event"),
        (
            "webhooks",
            [
                {"id": "whv2_1", "webhook_status": "succeeded", "object": "webhook"},
                {"id": "whv2_2", "webhook_status": "failed", "object": "webhook"},
            ],
        ),
        ("content", {"order": json.loads(order_json(ORDER))}),
    ]


def test_what_has_no_value_is_absent() -> None:
    found = event(replace(METADATA, source="system", origin_user=None))
    contract = CONTRACT["event"]["fields"]
    assert set(found) == {name for name, each in contract.items() if each["always_present"]} | {
        "event_type",
        "api_version",
        "site_id",
        "object",
    }
    assert found["webhook_status"] == "not_configured"


@pytest.mark.parametrize("source", EventSource)
def test_the_user_is_named_where_the_source_has_one(source: EventSource) -> None:
    found = event(replace(METADATA, source=source))
    named = {"api", "js_api", "bulk_operation", "admin_console", "external_service"}
    assert found.get("user") == ("key" if source in named else None)
    assert found.get("origin_user") == ("ann@example.com" if source == "api" else None)
    assert found["source"] == source


def test_a_source_that_nobody_knows_is_none() -> None:
    assert event(replace(METADATA, source="pigeon"))["source"] == "none"


def test_every_event_of_an_order_is_shown_and_no_other_is() -> None:
    assert set(SHOWN) == {each.TOPIC for each in EVENT_TYPES if each.TOPIC.startswith("order.")}
    assert logged_as(OrderEventType) == tuple(SHOWN)
    for logged in SHOWN:
        assert event(record=replace(RECORD, type=logged))["event_type"] == SHOWN[logged]


def test_the_types_are_those_of_the_contract() -> None:
    assert sorted(KNOWN_EVENT_TYPES) == sorted(CONTRACT["event_types"]["all"])
    assert set(OrderEventType) == {each["event_type"] for each in CONTRACT["event_types"]["order"]}
    assert set(OrderEventType) <= set(KNOWN_EVENT_TYPES)
    assert set(WebhookStatus) == set(CONTRACT["event"]["fields"]["webhook_status"]["enum"])

"""The official SDK 3.29.0 with its retries switched on, against answers that are lost, late or refusals."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chargebee import Chargebee
from chargebee.retry_config import RetryConfig

from ledger.errors import (
    DatabaseUnavailable,
    InvalidState,
    LockTimeout,
    OperationFailed,
    RequestLimitExceeded,
    TemporaryError,
)
from tests.acceptance.raw_orders import RawOrders
from tests.sdk.calls import Refused
from tests.sdk.conftest import Shop
from tests.sdk.newer import Newer
from tests.sdk.relay import Fault, Relay, relay_to
from tests.serving import Server, running_server, until

INVOICE = {"invoice_id": "inv_0001"}
BUSY = Fault(TemporaryError(retry_after_s=1))


@pytest.fixture
def relay(shop: Shop) -> Iterator[Relay]:
    with relay_to(shop.address) as relay:
        yield relay


def retrying(url: str, key: str, *, max_retries: int = 3, delay_ms: int = 1) -> Newer:
    """The SDK with retries, at a pace for tests."""
    newer = Newer(url, key)
    newer.client.update_retry_config(RetryConfig(enabled=True, max_retries=max_retries, delay_ms=delay_ms))
    return newer


@pytest.fixture
def client(shop: Shop, relay: Relay) -> Newer:
    return retrying(f"http://{relay.address}", shop.key)


def test_what_passes_by_itself_is_tried_again_until_it_does(client: Newer, relay: Relay) -> None:
    for fault in (BUSY, Fault(DatabaseUnavailable(retry_after_s=1)), Fault(OperationFailed())):
        relay.requests.clear()
        relay.faults = [fault, fault, fault]
        assert client.call("create", None, INVOICE).replayed is False
        assert relay.attempts == [None, "1", "2", "3"]
        [key] = set(relay.keys)
        assert key
        assert uuid.UUID(key).version == 4
    relay.requests.clear()
    relay.faults = [BUSY, BUSY]
    assert client.call("list", None, {}).status == 200
    assert relay.keys == [None, None, None]


def test_a_lost_answer_is_replayed_and_the_order_made_once(client: Newer, relay: Relay, shop: Shop) -> None:
    relay.faults = [Fault(TemporaryError(), lost=True), Fault(TemporaryError(), lost=True)]
    reply = client.call("create", None, INVOICE)
    assert reply.replayed is True
    assert relay.attempts == [None, "1", "2"]
    assert len(set(relay.keys)) == 1
    assert client.call("list", None, {}).orders == reply.orders


@pytest.mark.parametrize("operation", ["cancel", "resend", "create_refundable_credit_note", "delete"])
def test_what_must_not_happen_twice_does_not(client: Newer, relay: Relay, shop: Shop, operation: str) -> None:
    times = dict.fromkeys(("created_at", "order_date", "shipping_date"), 1517000000)
    order_id = client.call("import_order", None, {**INVOICE, "status": "queued", **times}).order["id"]
    needed: dict[str, dict[str, Any]] = {
        "cancel": {"cancellation_reason": "others", "credit_note": {"total": 10}},
        "create_refundable_credit_note": {"credit_note": {"reason_code": "other", "total": 10}},
    }
    relay.faults = [Fault(TemporaryError(), lost=True)]
    reply = client.call(operation, order_id, needed.get(operation))
    assert reply.replayed is True
    # The clock tells dates of the order meanwhile; that is not the client's doing.
    events = shop.events(f"order-{order_id}")
    asked_for = [event for event in events if event["metadata"]["actor_kind"] == "api_key"]
    assert len(asked_for) == (3 if operation == "resend" else 2)


def test_a_refusal_that_is_lost_is_replayed_as_the_same_refusal(client: Newer, relay: Relay) -> None:
    relay.faults = [Fault(TemporaryError(), lost=True)]
    with pytest.raises(Refused) as unknown:
        client.call("update", "nobody", {"note": "x"})
    assert (unknown.value.status, unknown.value.kind) == (404, "InvalidRequestError")
    assert relay.attempts == [None, "1"]


def test_a_limit_or_a_race_is_tried_again_as_often_as_it_takes(client: Newer, relay: Relay) -> None:
    relay.faults = [Fault(RequestLimitExceeded(retry_after_s=1)), Fault(LockTimeout(retry_after_s=1))] * 4
    reply = client.call("create", None, INVOICE)
    assert reply.replayed is False
    assert len(relay.requests) == 9
    assert len(set(relay.keys)) == 1


def test_a_refusal_is_not_tried_again(client: Newer, relay: Relay) -> None:
    relay.faults = [Fault(InvalidState())]
    with pytest.raises(Refused) as refused:
        client.call("reopen", "x")
    assert refused.value.api_error_code == "invalid_state_for_request"
    assert len(relay.requests) == 1


def test_after_its_last_try_the_sdk_raises_what_it_was_told(client: Newer, relay: Relay) -> None:
    relay.faults = [BUSY] * 4
    with pytest.raises(Refused) as busy:
        client.call("create", None, INVOICE)
    assert (busy.value.kind, busy.value.status) == ("OperationFailedError", 503)
    assert busy.value.api_error_code == "internal_temporary_error"
    assert busy.value.headers["retry-after"] == "1"
    assert len(relay.requests) == 4


def test_a_key_of_the_caller_is_kept_over_all_tries(client: Newer, relay: Relay) -> None:
    relay.faults = [BUSY, Fault(TemporaryError(), lost=True)]
    reply = client.call("create", None, INVOICE, {Chargebee.idempotency_header: "mine"})
    assert reply.replayed is True
    assert relay.keys == ["mine", "mine", "mine"]


@pytest.fixture
def own_server(data_dir: Path) -> Iterator[Server]:
    with running_server(data_dir, "--rate-limit", "60") as server:
        yield server


def test_a_server_that_loses_its_database_or_has_enough_is_understood(own_server: Server) -> None:
    assert own_server.key
    client = retrying(own_server.url, own_server.key, max_retries=12, delay_ms=5)
    made = client.call("create", None, INVOICE)
    postmaster = own_server.postmaster()
    assert postmaster
    own_server.kill(postmaster)
    until(lambda: own_server.postmaster() != postmaster, what="the database is gone")
    assert client.call("retrieve", made.order["id"]).orders == made.orders
    assert client.call("update", made.order["id"], {"note": "again"}).order["note"] == "again"
    raw = RawOrders(own_server.url, own_server.key)
    until(lambda: raw.request("GET", "/orders")[0] == 429, what="the site has asked enough")
    without_retries = Newer(own_server.url, own_server.key)
    for operation, params in (("list", {}), ("create", INVOICE)):
        with pytest.raises(Refused) as limited:
            without_retries.call(operation, None, params)
        told = limited.value
        assert (told.kind, told.status, told.type) == ("OperationFailedError", 429, "operation_failed")
        assert told.api_error_code == "api_request_limit_exceeded"
        assert 1 <= int(told.headers["retry-after"]) <= 60

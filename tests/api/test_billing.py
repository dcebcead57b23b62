"""Chargebee's credit notes, subscriptions and gifts at the door: what is kept, what is refused (as invoices are)."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from api.schemas import billing as schemas
from api.schemas.billing import read_credit_note, read_gift, read_subscription
from ledger import billing as facts
from ledger.errors import InvalidRequest, ParamWrongValue
from ledger.limits import GIFT_TIMELINES_MAX, INTEGER_MAX, INVOICE_BYTES_MAX

Read = Callable[[Any], Any]

CREDIT_NOTE: dict[str, Any] = {
    "id": "TEST-CN-1",
    "customer_id": "cus_1",
    "reference_invoice_id": "__demo_inv__1",
    "type": "refundable",
    "reason_code": "order_cancellation",
    "create_reason_code": "Order Cancellation",
    "status": "refund_due",
    "date": 1517505895,
    "total": 500,
    "amount_allocated": 100,
    "amount_refunded": 0,
    "amount_available": 400,
    "exchange_rate": 1.0,
    "voided_at": None,
    "deleted": False,
    "resource_version": 1517505895000,
    "line_items": [{"id": "li_1", "amount": 500, "tax_rate": 8.875}],
    "object": "credit_note",
}
SUBSCRIPTION: dict[str, Any] = {
    "id": "sub_1",
    "status": "cancelled",
    "cancelled_at": 1517505895,
    "resource_version": 1517505895000,
    "has_scheduled_changes": False,
    "object": "subscription",
}
GIFT: dict[str, Any] = {
    "id": "gift_1",
    "status": "claimed",
    "auto_claim": False,
    "gifter": {"customer_id": "cus_1", "invoice_id": "inv_1", "signature": "Ann", "note": "Enjoy!", "object": "gifter"},
    "gift_receiver": {
        "customer_id": "cus_2",
        "subscription_id": "sub_2",
        "first_name": "Ben",
        "last_name": "Doe",
        "email": "ben@example.com",
    },
    "gift_timelines": [
        {"status": "scheduled"},
        {"status": "claimed", "occurred_at": 1517505895, "object": "gift_timeline"},
    ],
    "updated_at": 1517505895,
    "resource_version": 1517505895000,
    "object": "gift",
}
KINDS: list[tuple[Read, dict[str, Any]]] = [
    (read_credit_note, CREDIT_NOTE),
    (read_subscription, SUBSCRIPTION),
    (read_gift, GIFT),
]
EACH = pytest.mark.parametrize(("read", "described"), KINDS)


@pytest.mark.parametrize(
    ("schema", "struct"),
    [
        (schemas.CreditNoteSchema, facts.CreditNoteFacts),
        (schemas.SubscriptionSchema, facts.SubscriptionFacts),
        (schemas.GiftSchema, facts.GiftFacts),
        (schemas.GifterSchema, facts.Gifter),
        (schemas.GiftReceiverSchema, facts.GiftReceiver),
        (schemas.GiftMomentSchema, facts.GiftMoment),
    ],
)
def test_every_member_that_the_ledger_reads_is_checked(schema: Any, struct: type[msgspec.Struct]) -> None:
    checked = schema().fields
    read = {found.name: found.required for found in msgspec.structs.fields(struct)}
    assert {name: field.required for name, field in checked.items()} == read


def test_a_credit_note_is_kept_as_chargebee_wrote_it() -> None:
    command = read_credit_note(json.dumps(CREDIT_NOTE).encode())
    assert (command.credit_note_id, command.invoice_id) == ("TEST-CN-1", "__demo_inv__1")
    expected = {name: value for name, value in CREDIT_NOTE.items() if value is not None}
    line = CREDIT_NOTE["line_items"][0] | {"tax_rate": "8.875"}
    assert command.description == expected | {"exchange_rate": "1.0", "line_items": [line]}


def test_a_subscription_and_a_gift_are_kept_as_chargebee_wrote_them() -> None:
    assert read_subscription(SUBSCRIPTION).description == SUBSCRIPTION
    assert read_subscription(SUBSCRIPTION).subscription_id == "sub_1"
    assert read_gift(GIFT).description == GIFT
    assert read_gift(GIFT).invoice_id == "inv_1"


@EACH
def test_text_and_data_wrapped_or_not_are_the_same(read: Read, described: dict[str, Any]) -> None:
    text = json.dumps(described)
    wrapped = {described["object"]: described}
    assert read(described) == read(text.encode()) == read(wrapped) == read(json.dumps(wrapped).encode())


def test_a_note_that_was_made_for_no_invoice_names_none() -> None:
    store = {"id": "CN-2", "type": "store", "status": "refund_due"}
    assert read_credit_note(store).invoice_id is None


@pytest.mark.parametrize(
    ("read", "members", "param"),
    [
        (read_credit_note, {"status": "unheard_of"}, "status"),
        (read_credit_note, {"type": None}, "type"),
        (read_credit_note, {"total": -1}, "total"),
        (read_credit_note, {"total": 1.5}, "total"),
        (read_credit_note, {"total": "500"}, "total"),
        (read_credit_note, {"amount_refunded": INTEGER_MAX + 1}, "amount_refunded"),
        (read_credit_note, {"deleted": "true"}, "deleted"),
        (read_credit_note, {"id": "x" * 51}, "id"),
        (read_subscription, {"id": " "}, "id"),
        (read_subscription, {"status": None}, "status"),
        (read_subscription, {"cancelled_at": 1.5}, "cancelled_at"),
        (read_gift, {"gifter": None}, "gifter"),
        (read_gift, {"gifter": {"note": "no invoice"}}, "gifter.invoice_id"),
        (read_gift, {"gift_receiver": "Ben"}, "gift_receiver"),
        (read_gift, {"gift_timelines": [{"status": "claimed"}, {"occurred_at": 5}]}, "gift_timelines[1].status"),
        (read_gift, {"gift_timelines": [{"status": "claimed"}] * (GIFT_TIMELINES_MAX + 1)}, "gift_timelines"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name(read: Read, members: dict[str, Any], param: str) -> None:
    described = next(described for each, described in KINDS if each is read)
    with pytest.raises(ParamWrongValue) as refused:
        read(described | members)
    assert refused.value.param == param


@EACH
def test_what_is_no_object_or_too_large_is_refused(read: Read, described: dict[str, Any]) -> None:
    name = described["object"].replace("_", " ")
    with pytest.raises(InvalidRequest, match=f"A {name} should be a JSON object"):
        read(b"[]")
    with pytest.raises(InvalidRequest, match=f"A {name} should not be larger"):
        read(described | {"comment": "x" * INVOICE_BYTES_MAX})


@EACH
@settings(deadline=None)
@given(data=st.data())
def test_whatever_is_accepted_can_be_read_and_has_canonical_bytes(
    read: Read, described: dict[str, Any], data: st.DataObject
) -> None:
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
    member = data.draw(st.sampled_from(sorted(described)))
    try:
        command = read(described | {member: data.draw(anything)})
    except InvalidRequest:
        return
    assert msgspec.json.decode(rfc8785.dumps(command.description)) == command.description

"""What is peculiar to the official SDK 3.29.0: filter classes, enums, typed answers, an asynchronous client."""

import asyncio
from urllib.parse import urlsplit

import pytest
from chargebee import Chargebee, CreditNote, Filters, InvalidRequestError, Order
from chargebee.models.enums import ValidationStatus

from tests.acceptance.sdk_orders import sdk_client
from tests.sdk.conftest import Shop

AT = 1517000000
IMPORT = {
    "invoice_id": "inv_0002",
    "status": Order.Status.QUEUED,
    "created_at": AT,
    "order_date": AT,
    "shipping_date": AT,
}


@pytest.fixture
def client(shop: Shop) -> Chargebee:
    return sdk_client(shop.url, shop.key)


def test_enums_are_taken_wherever_the_sdk_has_them(client: Chargebee) -> None:
    address = {"country": "US", "validation_status": ValidationStatus.PARTIALLY_VALID}
    order = client.Order.import_order({**IMPORT, "shipping_address": address}).order
    assert order.status == Order.Status.QUEUED.value
    assert order.shipping_address.validation_status == "partially_valid"
    line = {"id": order.order_line_items[0].id, "status": Order.OrderLineItemStatus.DELIVERED}
    updated = client.Order.update(order.id, {"status": Order.Status.SHIPPED, "order_line_items": [line]}).order
    assert [entry.status for entry in updated.order_line_items] == ["delivered", "shipped"]
    note = {"reason_code": CreditNote.ReasonCode.PRODUCT_UNSATISFACTORY, "total": 100}
    credited = client.Order.create_refundable_credit_note(order.id, {"credit_note": note}).order
    assert credited.linked_credit_notes[0].amount == 100
    reason = {"cancellation_reason": Order.CancellationReason.FRAUDULENT_TRANSACTION}
    assert client.Order.cancel(order.id, reason).order.cancellation_reason == "fraudulent_transaction"


def test_every_filter_class_is_understood(client: Chargebee) -> None:
    first = client.Order.import_order({**IMPORT, "id": "a'1"}).order
    second = client.Order.import_order({**IMPORT, "id": 'b"2', "created_at": AT + 5}).order
    third = client.Order.resend(first.id).order
    both = [first.id, second.id]

    def found(**params: object) -> list[str]:
        return [entry.order.id for entry in client.Order.list({"limit": 100, **params}).list]

    assert found(id=Filters.StringFilter(IS=first.id)) == [first.id]
    assert found(id=Filters.StringFilter(IS_NOT=first.id)) == [second.id, third.id]
    assert found(id=Filters.StringFilter(STARTS_WITH="b")) == [second.id]
    assert found(id=Filters.StringFilter(IN=both)) == both
    assert found(id=Filters.StringFilter(NOT_IN=both)) == [third.id]
    assert found(status=Filters.EnumFilter(IS=Order.Status.CANCELLED)) == [first.id]
    assert found(status=Filters.EnumFilter(IS_NOT=Order.Status.CANCELLED)) == [second.id, third.id]
    assert found(status=Filters.EnumFilter(IN=[Order.Status.CANCELLED, Order.Status.QUEUED])) == [*both, third.id]
    assert found(status=Filters.EnumFilter(NOT_IN=[Order.Status.CANCELLED])) == [second.id, third.id]
    assert found(is_resent=Filters.BooleanFilter(IS=True)) == [third.id]
    assert found(created_at=Filters.TimestampFilter(AFTER=AT, BEFORE=AT + 6)) == [second.id]
    assert found(created_at=Filters.TimestampFilter(BETWEEN=[AT, AT + 5])) == both
    assert found(created_at=Filters.TimestampFilter(ON=AT)) == both
    assert found(sort_by=Filters.SortFilter(DESC="created_at")) == [third.id, second.id, first.id]
    client.Order.delete(second.id)
    assert found(sort_by=Filters.SortFilter(ASC="created_at"), include_deleted=True) == [*both, third.id]


def test_an_operator_that_orders_do_not_have_is_refused_and_not_ignored(client: Chargebee) -> None:
    for name, condition in (
        ("resent_status", Filters.EnumFilter(IS_PRESENT=True)),
        ("subscription_id", Filters.StringFilter(IN=["a"])),
        ("created_at", Filters.NumberFilter(GTE=1)),
    ):
        with pytest.raises(InvalidRequestError) as refusal:
            client.Order.list({name: condition})
        [operator] = condition
        assert refusal.value.param == f"{name}[{operator.lower()}]"


def test_an_absent_member_is_none_and_a_present_one_has_its_type(client: Chargebee) -> None:
    manual = client.Order.create({"invoice_id": "inv_0001"}).order
    assert (manual.total, manual.order_line_items, manual.note, manual.customer_id) == (None, None, None, None)
    assert (manual.deleted, manual.is_resent) == (False, False)
    order = client.Order.import_order(IMPORT).order
    assert {type(line.amount) for line in order.order_line_items} == {int}
    assert {type(tax.tax_rate) for tax in order.line_item_taxes} == {float}
    assert [discount.coupon_id for discount in order.line_item_discounts] == ["CUPS10"]
    assert order.billing_address.country == order.raw_data["billing_address"]["country"]


def test_a_page_says_where_the_next_one_starts_and_the_last_does_not(client: Chargebee) -> None:
    ids = [client.Order.create({"invoice_id": "inv_0001"}).order.id for _ in range(3)]
    first = client.Order.list({"limit": 2})
    second = client.Order.list({"limit": 2, "offset": first.next_offset})
    assert [entry.order.id for entry in [*first.list, *second.list]] == ids
    assert second.next_offset is None
    assert second.http_status_code == 200


def test_the_asynchronous_client_makes_many_orders_at_once(shop: Shop) -> None:
    site, _, domain = urlsplit(shop.url).netloc.partition(".")
    Chargebee.verify_ca_certs = False
    client = Chargebee(shop.key, site, chargebee_domain=domain, protocol="http", use_async_client=True)

    async def play() -> None:
        made = await asyncio.gather(
            *(client.Order.create({"invoice_id": "inv_0001", "note": f"number {number}"}) for number in range(20))
        )
        notes = {reply.order.note for reply in made}
        assert notes == {f"number {number}" for number in range(20)}
        listed = await client.Order.list({"limit": 100})
        assert {entry.order.id for entry in listed.list} == {reply.order.id for reply in made}
        with pytest.raises(InvalidRequestError):
            await client.Order.retrieve("nobody")

    asyncio.run(play())


def test_the_same_order_changed_at_once_by_many_is_changed_by_all(shop: Shop, client: Chargebee) -> None:
    order = client.Order.create({"invoice_id": "inv_0001"}).order
    site, _, domain = urlsplit(shop.url).netloc.partition(".")
    eager = Chargebee(shop.key, site, chargebee_domain=domain, protocol="http", use_async_client=True)

    async def play() -> None:
        await asyncio.gather(*(eager.Order.update(order.id, {"note": f"{number}"}) for number in range(20)))

    asyncio.run(play())
    events = shop.events(f"order-{order.id}")
    assert {body["data"]["changes"]["note"] for body in events[1:]} == {f"{number}" for number in range(20)}
    assert [body["version"] for body in events] == list(range(1, 22))
    assert client.Order.retrieve(order.id).order.note == events[-1]["data"]["changes"]["note"]

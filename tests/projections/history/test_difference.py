"""Differences between order documents: they say what changed by name, and lead from one to the other exactly."""

from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.order import Order
from ledger.parts import LinkedCreditNote, OrderLine
from ledger.vocabulary import CreditNoteStatus, CreditNoteType, EntityType, LineItemStatus
from projections.history.application import applied
from projections.history.difference import MemberChange, difference, touched_paths, without_bookkeeping
from projections.history.document_shape import BOOKKEEPING, LISTS, OBJECTS, ORDER, plain_document
from projections.history.paths import item_labels, split_path
from projections.order_document import order_json
from tests.ledger.given import given, imported, invoice
from tests.ledger.laws import for_all
from tests.projections.random_orders import orders

BASE = plain_document(given(invoice(), imported()).order("1"))


@st.composite
def relatives(draw: st.DrawFn) -> tuple[Order, Order]:
    """Two orders that share much: the items of one are those of the other, some left out, doubled or moved."""
    first, second = draw(orders), draw(orders)
    kept = {
        name: tuple(draw(st.permutations([*getattr(first, name), *draw(st.sampled_from([(), getattr(first, name)]))])))
        for name in LISTS
    }
    chosen = draw(st.lists(st.sampled_from([*LISTS, *OBJECTS]), unique=True))
    members = {name: kept.get(name, getattr(first, name)) for name in chosen}
    return first, replace(second, **members)


def as_json(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document)


@for_all(relatives())
def test_a_difference_applied_to_one_order_gives_the_other_byte_for_byte(pair: tuple[Order, Order]) -> None:
    before, after = map(plain_document, pair)
    assert as_json(applied(before, difference(before, after))) == order_json(pair[1])
    assert as_json(applied(after, difference(after, before))) == order_json(pair[0])


@for_all(orders)
def test_an_order_comes_from_nothing_and_goes_to_nothing_by_differences(order: Order) -> None:
    document = plain_document(order)
    assert as_json(document) == order_json(order)
    assert as_json(applied({}, difference({}, document))) == order_json(order)
    assert applied(document, difference(document, {})) == {}
    assert difference(document, document) == ()


@for_all(relatives())
def test_no_two_changes_are_of_the_same_place_and_every_path_can_be_read(pair: tuple[Order, Order]) -> None:
    changes = difference(*map(plain_document, pair))
    paths = [change.path for change in changes]
    assert len(paths) == len(set(paths))
    for path in paths:
        root, label, member = split_path(path)
        assert path == root + label + (f".{member}" if member else "")


@for_all(relatives())
def test_a_change_is_sent_without_null_and_reads_the_same(pair: tuple[Order, Order]) -> None:
    changes = difference(*map(plain_document, pair))
    for change in msgspec.json.decode(msgspec.json.encode(changes)):
        assert None not in change.values()
        assert {"before", "after"} & change.keys()


def with_lines(*lines: dict[str, Any]) -> dict[str, Any]:
    return BASE | {"order_line_items": list(lines)}


FIRST, SECOND = BASE["order_line_items"]
A, B = FIRST["id"], SECOND["id"]


def test_items_are_matched_by_id_wherever_they_stand() -> None:
    [sku, order] = difference(BASE, with_lines(SECOND, FIRST | {"sku": "x"}))
    assert sku == MemberChange(path=f"order_line_items[{A}].sku", after="x")
    assert order == MemberChange(path="order_line_items.order", before=[f"[{A}]", f"[{B}]"], after=[f"[{B}]", f"[{A}]"])


def test_an_item_that_comes_or_goes_is_one_change() -> None:
    gone, come = difference(BASE, with_lines(FIRST, SECOND | {"id": "new"}))
    assert (gone.path, gone.before, gone.after) == (f"order_line_items[{B}]", SECOND, None)
    assert (come.path, come.before, come.after) == ("order_line_items[new]", None, SECOND | {"id": "new"})
    assert gone.money is not None
    assert gone.money.currency_code == "USD"
    assert {f"order_line_items[{B}].status", "order_line_items[new].sku"} & {*touched_paths([gone, come])} == {
        f"order_line_items[{B}].status"
    }


def test_items_of_one_key_have_ordinals() -> None:
    tax = {"line_item_id": "l", "tax_name": "VAT", "tax_amount": 1}
    before, after = (BASE | {"line_item_taxes": [tax, tax | {"tax_amount": amount}]} for amount in (2, 3))
    assert item_labels("line_item_taxes", after["line_item_taxes"]) == ["[l,VAT]", "[l,VAT][2]"]
    [change] = difference(before, after)
    assert change.path == "line_item_taxes[l,VAT][2].tax_amount"
    assert applied(before, [change]) == after


@pytest.mark.parametrize("order_id", ["a]b", "a].status", "[", "\\", "a,b", "", "\n", "a.b"])
def test_a_path_can_be_read_again_whatever_an_id_holds(order_id: str) -> None:
    [label, again] = item_labels("resent_orders", [{"order_id": order_id}, {"order_id": order_id}])
    assert split_path(f"resent_orders{label}.amount") == ("resent_orders", label, "amount")
    assert split_path(f"resent_orders{again}") == ("resent_orders", again, "")


def test_members_of_addresses_are_told_by_name_and_a_whole_address_as_one() -> None:
    moved = BASE | {"shipping_address": BASE["shipping_address"] | {"city": "Reno"}}
    assert difference(BASE, moved) == (MemberChange(path="shipping_address.city", before="Walnut", after="Reno"),)
    without = {name: value for name, value in BASE.items() if name != "shipping_address"}
    [gone] = difference(BASE, without)
    assert (gone.path, gone.before) == ("shipping_address", BASE["shipping_address"])


def test_money_is_marked_and_shown_in_its_currency() -> None:
    [change] = difference(BASE | {"total": 100}, BASE | {"total": 2550})
    assert msgspec.to_builtins(change.money) == {"currency_code": "USD", "before": "1.00 USD", "after": "25.50 USD"}
    [change] = difference(BASE | {"total": 100}, BASE | {"total": 100, "currency_code": "JPY"})
    assert change.money is None
    other = BASE | {"currency_code": "JPY", "total": 100}
    found = {change.path: change for change in difference(BASE, other)}
    assert msgspec.to_builtins(found["total"].money) == {
        "currency_code": "JPY",
        "before": "130.00 USD",
        "after": "100 JPY",
    }


def test_tax_in_local_currency_is_shown_in_that() -> None:
    tax = {"line_item_id": "l", "tax_name": "VAT", "local_currency_code": "KWD"}
    before, after = (BASE | {"line_item_taxes": [tax | {"tax_amount_in_local_currency": x}]} for x in (1, 2500))
    [change] = difference(before, after)
    assert msgspec.to_builtins(change.money) == {"currency_code": "KWD", "before": "0.001 KWD", "after": "2.500 KWD"}


def test_amounts_without_a_currency_stand_unmarked() -> None:
    manual = {name: value for name, value in BASE.items() if name != "currency_code"}
    [change] = difference(manual, manual | {"total": 7})
    assert (change.after, change.money) == (7, None)


@pytest.mark.parametrize(
    "change",
    [
        MemberChange(path="note", before="another", after="x"),
        MemberChange(path="no such", after="x"),
        MemberChange(path="nonsense", after="x"),
        MemberChange(path="note.x", after="x"),
        MemberChange(path="billing_address", after={"object": "billing_address"}),
        MemberChange(path="order_line_items[nobody].status", before="queued", after="shipped"),
        MemberChange(path="order_line_items.order", before=[], after=["[nobody]"]),
        MemberChange(path="order_line_items", after=[]),
    ],
)
def test_a_change_that_does_not_fit_the_document_is_refused(change: MemberChange) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        applied(BASE, [change])


def test_every_member_of_a_document_that_is_money_is_marked() -> None:
    """Whole numbers of a document are amounts, times, counts, or versions: a new one has to be thought about."""
    line = OrderLine(
        id="l",
        invoice_id="i",
        invoice_line_item_id="il",
        entity_type=EntityType.ADHOC,
        is_shippable=True,
        status=LineItemStatus.QUEUED,
        unit_price=1,
        fulfillment_quantity=1,
        amount=1,
        fulfillment_amount=1,
    )
    note = LinkedCreditNote(
        id="n",
        type=CreditNoteType.ADJUSTMENT,
        status=CreditNoteStatus.ADJUSTED,
        amount=1,
        amount_adjusted=1,
        amount_refunded=1,
    )
    order = replace(given(invoice(), imported()).order("1"), order_line_items=(line,), linked_credit_notes=(note,))
    document = plain_document(order)
    for kind, members in (
        (ORDER, document),
        (LISTS["order_line_items"], document["order_line_items"][0]),
        (LISTS["linked_credit_notes"], document["linked_credit_notes"][0]),
    ):
        numbers = {name for name, value in members.items() if isinstance(value, int) and not isinstance(value, bool)}
        others = {name for name in numbers if name.endswith(("_at", "_on", "_date", "_version", "_quantity"))}
        assert numbers - others == kind.money & members.keys()


def test_what_every_change_touches_is_left_out_when_asked() -> None:
    changes = difference(BASE, BASE | {"note": "x", "updated_at": 1, "resource_version": 2})
    assert {change.path for change in changes} == {"note", *BOOKKEEPING}
    assert [change.path for change in without_bookkeeping(changes)] == ["note"]

"""Update: the shipping address merges (chargebee/orders.md, section 6)."""

from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec import UNSET

from ledger.commands import UpdateOrder
from ledger.events import OrderUpdated
from ledger.order import set_members
from ledger.parts import Address, AddressChanges
from ledger.vocabulary import ValidationStatus
from tests.ledger.given import NOW_MS, given, imported, invoice, manual
from tests.ledger.laws import for_all

MEMBERS = tuple(name for name in Address.__struct_fields__ if name != "validation_status")


def move(order_id: str = "1", /, **changes: Any) -> UpdateOrder:
    return UpdateOrder(order_id=order_id, shipping_address=AddressChanges(**changes))


@pytest.mark.parametrize("member", [name for name in MEMBERS if name not in {"country", "state_code"}])
def test_a_given_member_replaces_its_own_and_the_others_stay(member: str) -> None:
    ledger = given(invoice(), imported("1"))
    before = ledger.when(move()).document["shipping_address"]
    happened = ledger.when(move(**{member: "new"}))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document["shipping_address"] == before | {member: "new"}


@pytest.mark.parametrize("member", ["first_name", "city", "state_code", "state", "country"])
def test_an_empty_value_clears_its_member(member: str) -> None:
    ledger = given(invoice(), imported("1"))
    before = ledger.when(move()).document["shipping_address"]
    del before[member]
    assert ledger.when(move(**{member: None})).document["shipping_address"] == before


def test_the_event_says_only_what_is_new() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(move(city="Walnut", line1="1 Street"))
    assert happened.events == (
        OrderUpdated(
            originator_id="order-1",
            originator_version=2,
            timestamp=NOW_MS,
            shipping_address=AddressChanges(line1="1 Street"),
        ),
    )


def test_an_order_without_an_address_gets_one() -> None:
    happened = given(invoice(), manual("m")).when(move("m", city="Paris", country="FR"))
    assert happened.document["shipping_address"] == {
        "city": "Paris",
        "country": "FR",
        "validation_status": "not_validated",
        "object": "shipping_address",
    }


def test_the_billing_address_stays() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(move(first_name="Bea"))
    assert happened.document["billing_address"]["first_name"] == "Ann"


def test_an_address_that_is_cleared_whole_is_absent() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(move(**dict.fromkeys(MEMBERS)))
    assert happened.types == [("order-1", "order.updated")]
    assert "shipping_address" not in happened.document


def test_the_seed_of_eight_members_is_understood() -> None:
    members = {
        "first_name": "Bob",
        "last_name": "Brown",
        "line1": "Beverly Hills",
        "city": "Los Angeles",
        "state": "California",
        "state_code": "CA",
        "country": "US",
        "zip": "90210",
    }
    happened = given(invoice(), manual("m")).when(move("m", **members))
    assert happened.document["shipping_address"] == members | {
        "validation_status": "not_validated",
        "object": "shipping_address",
    }


# The state


@pytest.mark.parametrize(
    ("country", "code", "state"),
    [
        ("US", "AZ", "Arizona"),
        ("CA", "QC", "Quebec"),
        ("IN", "TN", "Tamil Nadu"),
        ("AE", "DU", "Dubai"),
        ("US", "az", "Arizona"),
    ],
)
def test_a_state_code_fills_the_state(country: str, code: str, state: str) -> None:
    happened = given(invoice(), imported("1")).when(move(country=country, state_code=code))
    address = happened.document["shipping_address"]
    assert (address["country"], address["state_code"], address["state"]) == (country, code, state)


def test_a_state_code_fills_the_state_in_the_country_that_is_there() -> None:
    happened = given(invoice(), imported("1")).when(move(state_code="NY"))
    assert happened.document["shipping_address"]["state"] == "New York"


@pytest.mark.parametrize(("country", "code"), [("DE", "BE"), ("US", "ZZ"), (None, "NY")])
def test_a_state_code_that_means_nothing_leaves_the_state(country: str | None, code: str) -> None:
    happened = given(invoice(), manual("m")).when(move("m", country=country, state_code=code, state="as given"))
    assert happened.document["shipping_address"]["state"] == "as given"


def test_a_state_is_not_filled_from_a_code_that_was_not_given() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(move(state=None))
    assert "state" not in happened.document["shipping_address"]


# The validation status


def test_a_validation_status_is_set_and_stays() -> None:
    ledger = given(invoice(), imported("1"), move(validation_status=ValidationStatus.VALID))
    happened = ledger.when(move(line1="1 Street"))
    assert happened.document["shipping_address"]["validation_status"] == "valid"


def test_a_validation_status_that_is_cleared_is_not_validated() -> None:
    ledger = given(invoice(), imported("1"), move(validation_status=ValidationStatus.VALID))
    happened = ledger.when(move(validation_status=None))
    assert happened.document["shipping_address"]["validation_status"] == "not_validated"


def test_a_validation_status_of_no_address_is_no_change() -> None:
    ledger = given(invoice(), manual("m"))
    assert ledger.when(move("m", validation_status=ValidationStatus.VALID)).events == ()


texts = st.sampled_from([UNSET, None, "a", "b"])
changes = st.builds(
    AddressChanges,
    **dict.fromkeys([*(name for name in MEMBERS if name not in {"country", "state"})], texts),
    country=st.sampled_from([UNSET, None, "DE", "FR"]),
    validation_status=st.sampled_from([UNSET, None, *ValidationStatus]),
)


@for_all(first=changes, second=changes)
def test_a_merge_leaves_what_was_asked_for_and_saying_it_again_is_no_change(
    first: AddressChanges, second: AddressChanges
) -> None:
    ledger = given(invoice(), manual("m"), UpdateOrder(order_id="m", shipping_address=first))
    before = ledger.order("m").shipping_address or Address()
    happened = ledger.when(UpdateOrder(order_id="m", shipping_address=second))
    after = ledger.order("m").shipping_address
    expected = {name: getattr(before, name) for name in MEMBERS} | set_members(second)
    expected.pop("validation_status", None)
    assert {name: getattr(after or Address(), name) for name in MEMBERS} == expected
    assert (after is None) == (not any(expected.values()))
    assert after is None or after.validation_status is not None
    assert bool(happened.events) == ((after or Address()) != before)
    assert ledger.when(UpdateOrder(order_id="m", shipping_address=second)).events == ()

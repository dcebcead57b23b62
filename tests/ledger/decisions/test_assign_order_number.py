"""Assign an order number: the next of the site's series, once (chargebee/orders.md, section 6)."""

import pytest

from ledger.commands import AssignOrderNumber, CancelOrder, Command
from ledger.events import OrderNumberAssigned
from ledger.limits import COMMAND_ATTEMPTS_MAX
from ledger.vocabulary import CancellationReason
from tests.ledger.given import BEFORE, CREATED, NOW, NOW_MS, given, imported, invoice, manual, settings


def assign(order_id: str = "1") -> AssignOrderNumber:
    return AssignOrderNumber(order_id=order_id)


def test_an_order_gets_the_first_number_where_no_series_is_configured() -> None:
    happened = given(invoice(), imported("1")).when(assign())
    assert happened.events == (
        OrderNumberAssigned(originator_id="order-1", originator_version=2, timestamp=NOW_MS, document_number="1"),
    )
    names = ("document_number", "status_update_at", "updated_at", "resource_version")
    assert [happened.document[name] for name in names] == ["1", CREATED, NOW, NOW_MS]


def test_the_series_of_the_site_gives_the_number() -> None:
    series = settings(order_number_prefix="ORDER", order_number_start=1_000)
    ledger = given(series, invoice(), imported("1"), imported("2"), assign("1"))
    assert ledger.order("1").document_number == "ORDER1000"
    assert ledger.when(assign("2")).document["document_number"] == "ORDER1001"


def test_a_number_is_assigned_once() -> None:
    ledger = given(invoice(), imported("1"), imported("2"), assign("1"))
    again = ledger.when(assign("1"))
    assert again.events == ()
    assert (again.document["document_number"], again.document["resource_version"]) == ("1", BEFORE * 1000 + 1)
    assert ledger.when(assign("2")).document["document_number"] == "2"


def test_a_number_that_was_imported_stays() -> None:
    happened = given(invoice(), imported("1", document_number="OLD-1")).when(assign())
    assert happened.events == ()
    assert happened.document["document_number"] == "OLD-1"


def test_a_number_that_an_import_took_is_passed_over() -> None:
    ledger = given(invoice(), imported("1", document_number="1"), imported("2", document_number="2"), imported("3"))
    assert ledger.when(assign("3")).document["document_number"] == "3"


def test_any_run_of_imported_numbers_is_passed_over() -> None:
    count = COMMAND_ATTEMPTS_MAX + 4
    history = [imported(f"i{number}", document_number=str(number)) for number in range(1, count + 1)]
    happened = given(invoice(), *history, imported("1")).when(assign())
    assert happened.document["document_number"] == str(count + 1)


@pytest.mark.parametrize("number", ["x7", "7x", "0", "-7", "\u0667", "9" * 16, "OLD-7"])
def test_an_imported_number_of_another_form_leaves_the_series_alone(number: str) -> None:
    happened = given(invoice(), imported("i", document_number=number), imported("1")).when(assign())
    assert happened.document["document_number"] == "1"


@pytest.mark.parametrize(("number", "expected"), [("ORDER7", "ORDER8"), ("7", "ORDER1")])
def test_an_imported_number_moves_the_series_of_its_prefix(number: str, expected: str) -> None:
    history: list[Command] = [
        settings(order_number_prefix="ORDER"),
        imported("i", document_number=number),
        imported("1"),
    ]
    happened = given(invoice(), *history).when(assign())
    assert happened.document["document_number"] == expected


def test_a_series_that_starts_later_goes_on_from_there() -> None:
    ledger = given(invoice(), imported("1"), imported("2"), assign("1"), settings(order_number_start=50))
    assert ledger.when(assign("2")).document["document_number"] == "50"


def test_a_series_that_starts_earlier_goes_on_where_it_was() -> None:
    ledger = given(invoice(), settings(order_number_start=50), imported("1"), imported("2"), assign("1"))
    ledger.given(settings(order_number_start=10))
    assert ledger.when(assign("2")).document["document_number"] == "51"


@pytest.mark.parametrize(
    "history",
    [[manual("1")], [imported("1"), CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS)]],
    ids=["manual", "cancelled"],
)
def test_any_order_gets_a_number(history: list[Command]) -> None:
    happened = given(invoice(), *history).when(assign())
    assert happened.types == [("order-1", "order.number_assigned")]

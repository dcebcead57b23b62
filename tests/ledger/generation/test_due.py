"""Whether an invoice generates orders (chargebee/order-generation.md, section 2)."""

from itertools import chain, combinations

import pytest

from ledger.generation.due import is_due
from ledger.settings import UNPAID_STATUSES
from ledger.vocabulary import InvoiceStatus
from tests.ledger.generation.scenes import invoice_of, site

CHOICES = list(chain.from_iterable(combinations(sorted(UNPAID_STATUSES), size) for size in range(4)))


@pytest.mark.parametrize("chosen", CHOICES, ids=",".join)
@pytest.mark.parametrize("status", InvoiceStatus)
def test_a_paid_invoice_is_due_and_an_unpaid_one_where_the_site_chose_its_status(
    status: InvoiceStatus, chosen: tuple[InvoiceStatus, ...]
) -> None:
    settings = site(unpaid_statuses=list(chosen))
    expected = status is InvoiceStatus.PAID or status in chosen
    assert is_due(invoice_of(status=status.value), settings, None) is expected


def test_nothing_is_due_while_generation_is_off() -> None:
    assert not is_due(invoice_of(), site(order_generation_enabled=False), None)


def test_an_invoice_of_nothing_is_due_when_it_is_paid() -> None:
    assert is_due(invoice_of(total=0, amount_paid=0), site(), None)


def test_a_deleted_invoice_is_not() -> None:
    assert not is_due(invoice_of(deleted=True), site(), None)


@pytest.mark.parametrize("status", ["not_paid", "paid"])
def test_an_invoice_that_was_written_off_whole_is(status: str) -> None:
    assert is_due(invoice_of(status=status, amount_paid=0, total=500, write_off_amount=500), site(), None)


def test_an_unpaid_one_that_was_written_off_in_part_is_not() -> None:
    assert not is_due(invoice_of(status="not_paid", total=500, write_off_amount=300), site(), None)

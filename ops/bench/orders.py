"""Orders of a shop that has run for two years: the same ones for the same number, so that runs can be compared.

However many there are, they fill the same two years: a busy shop against a quiet one. Six in seven belong to
subscriptions and go through delivery; the others are made by hand. Most change within days of their creation and
never again, a few much later. Rare things are there: orders on hold, resent, deleted, and an invoice with one order
in fifty, as test sites have.
"""

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from ledger.batch import OrderRow
from ledger.order import Order
from ledger.parts import Address, OrderLine
from ledger.vocabulary import EntityType, LineItemStatus, OrderStatus, OrderType, PriceType, ResentStatus
from projections.order_row import order_row

DAY_S = 86_400
START_S = 1_704_067_200  # 2024-01-01
END_S = START_S + 731 * DAY_S

LARGE_INVOICE = "inv_large"
RARE_ENTITY = "be_9"
COMMON_ENTITY = "be_0"

COLUMNS = ("site", "position", *(name for name in OrderRow.__struct_fields__ if name != "stream"))

_Choice = TypeVar("_Choice")

_DONE = {
    OrderStatus.DELIVERED: 900,
    OrderStatus.CANCELLED: 70,
    OrderStatus.RETURNED: 20,
    OrderStatus.PARTIALLY_DELIVERED: 8,
    OrderStatus.ON_HOLD: 1,
}
_OPEN = {OrderStatus.QUEUED: 70, OrderStatus.AWAITING_SHIPMENT: 15, OrderStatus.SHIPPED: 13, OrderStatus.ON_HOLD: 2}
_MANUAL = {
    OrderStatus.NEW: 40,
    OrderStatus.COMPLETE: 35,
    OrderStatus.DELIVERED: 15,
    OrderStatus.PROCESSING: 5,
    OrderStatus.CANCELLED: 3,
    OrderStatus.VOIDED: 2,
}
_SENT = {OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.PARTIALLY_DELIVERED, OrderStatus.SHIPPED}


def orders(total: int) -> Iterator[Order]:
    """So many orders, in the order of their creation."""
    # A fixed seed: the same orders each time.
    chance = random.Random(total)  # noqa: S311
    for number in range(1, total + 1):
        created_at = START_S + (END_S - START_S) * number // total - _below(chance, 60)
        make = _manual if chance.random() < 1 / 7 else _from_subscription
        yield make(chance, number, total, created_at)


def in_order_of_updates(made: Iterable[Order]) -> Iterator[Order]:
    """As a database gets them: a change writes the row anew, behind all that were written before it."""
    waiting: list[tuple[int, str, Order]] = []
    for order in made:
        while waiting and waiting[0][0] <= order.created_at:
            yield heapq.heappop(waiting)[2]
        heapq.heappush(waiting, (order.updated_at, order.id, order))
    while waiting:
        yield heapq.heappop(waiting)[2]


def records(site: str, made: Iterable[Order]) -> Iterator[tuple[Any, ...]]:
    """Rows of the order view, each in the order of ``COLUMNS``."""
    for position, order in enumerate(made, start=1):
        row = order_row(order)
        yield (site, position, *(getattr(row, name) for name in COLUMNS[2:]))


def subscription_id(number: int) -> str:
    """One of the subscriptions, each of which has some 24 orders."""
    return f"sub_{number:06}"


def invoice_id(number: int) -> str:
    """One of the invoices, most of which have one or two orders."""
    return f"inv_{number:07}"


def _manual(chance: random.Random, number: int, total: int, created_at: int) -> Order:
    status = _one_of(chance, _MANUAL)
    lag_s = 0 if status is OrderStatus.NEW else 1 + int(chance.expovariate(1 / (2 * DAY_S)))
    return Order(
        id="__test__" + _token(chance, created_at),
        status=status,
        order_type=OrderType.MANUAL,
        shipping_date=created_at + _below(chance, 10 * DAY_S) if chance.random() < 1 / 5 else None,
        note=f"Called about parcel {chance.getrandbits(40)}",
        **_common(chance, number, created_at, min(created_at + lag_s, END_S)),
    )


def _from_subscription(chance: random.Random, number: int, total: int, created_at: int) -> Order:
    lag_s = int(chance.lognormvariate(13.2, 0.9))  # Six days in the middle.
    if chance.random() < 1 / 20:
        lag_s += int(chance.expovariate(1 / (60 * DAY_S)))
    is_done = created_at + lag_s <= END_S
    status = _one_of(chance, _DONE if is_done else _OPEN)
    if not is_done:
        lag_s = int((END_S - created_at) * chance.random()) if status is not OrderStatus.QUEUED else 0
    shipping_date = created_at + _below(chance, 10 * DAY_S)
    address = _address(chance)
    common = _common(chance, number, created_at, created_at + lag_s)
    return Order(
        id=str(number),
        status=status,
        order_type=OrderType.SYSTEM_GENERATED,
        subscription_id=subscription_id(_below(chance, max(1, total // 24))),
        customer_id=f"cus_{_below(chance, max(1, total // 30))}",
        order_date=created_at + _below(chance, DAY_S),
        shipping_date=shipping_date,
        shipped_at=min(shipping_date + _below(chance, 2 * DAY_S), END_S) if status in _SENT else None,
        paid_on=created_at - _below(chance, DAY_S) if chance.random() < 0.9 else None,
        deleted=chance.random() < 1 / 200,
        shipping_address=address,
        billing_address=address,
        order_line_items=tuple(_line(chance, common["invoice_id"]) for _ in range(1 + number % 3 // 2)),
        **_resends(chance, number),
        **common,
    )


def _common(chance: random.Random, number: int, created_at: int, updated_at: int) -> dict[str, Any]:
    is_large = chance.random() < 1 / 50
    return {
        "version": 1 if updated_at == created_at else 2 + _below(chance, 4),
        "resource_version": updated_at * 1000,
        "status_update_at": updated_at,
        "created_at": created_at,
        "price_type": PriceType.TAX_EXCLUSIVE,
        "currency_code": "EUR",
        "invoice_id": LARGE_INVOICE if is_large else invoice_id(max(0, number - _below(chance, 200)) * 2 // 3),
        # The tenth entity has one order in a thousand, the first nearly half of them.
        "business_entity_id": f"be_{int(9 * chance.random() ** 3)}" if chance.random() > 1 / 1000 else RARE_ENTITY,
    }


def _resends(chance: random.Random, number: int) -> dict[str, Any]:
    """One order in a hundred is a resend, and as many were resent."""
    luck = chance.random()
    if luck < 0.01 and number > 500:
        return {"is_resent": True, "original_order_id": str(number - 1 - _below(chance, 499))}
    if luck < 0.02:
        return {"resent_status": ResentStatus.FULLY_RESENT if luck < 0.015 else ResentStatus.PARTIALLY_RESENT}
    return {}


def _line(chance: random.Random, invoice: str) -> OrderLine:
    amount, quantity = 100 * (5 + _below(chance, 195)), 1 + _below(chance, 3)
    return OrderLine(
        id="o_li__test__" + _token(chance, _below(chance, END_S)),
        invoice_id=invoice,
        invoice_line_item_id="li___test__" + _token(chance, _below(chance, END_S)),
        entity_type=EntityType.PLAN_ITEM_PRICE,
        entity_id=f"box-{_below(chance, 50)}-EUR-monthly",
        description=f"Box number {_below(chance, 50)}",
        is_shippable=True,
        status=LineItemStatus.DELIVERED,
        unit_price=amount,
        fulfillment_quantity=quantity,
        amount=amount * quantity,
        fulfillment_amount=amount * quantity,
        amount_paid=amount * quantity,
    )


def _address(chance: random.Random) -> Address:
    return Address(
        first_name=f"First{_below(chance, 1000)}",
        last_name=f"Last{_below(chance, 10_000)}",
        line1=f"{_below(chance, 200)} Street {_below(chance, 5000)}",
        city=f"City {_below(chance, 2000)}",
        zip=f"{_below(chance, 100_000):05}",
        country="DE",
    )


def _token(chance: random.Random, created_at: int) -> str:
    """As long as the ids of the service, and like them: what is made later sorts later."""
    return f"{created_at:08x}{chance.getrandbits(36):09x}"


def _below(chance: random.Random, end: int) -> int:
    """Five times as fast as ``randrange``."""
    return int(chance.random() * end)


def _one_of(chance: random.Random, weights: Mapping[_Choice, int]) -> _Choice:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]

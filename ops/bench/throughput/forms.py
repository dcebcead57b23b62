"""The requests of the loads, ready to be sent but for a number in each that no other request has."""

import base64
import random
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from ops.bench.throughput.plan import Request

INVOICES = 1_000
FORMS = 5_000
PAGE_STATUS = "processing"
PAGE_ORDERS = 100
PAGE_PATH = f"/orders?limit={PAGE_ORDERS}&{quote('status[is]')}={PAGE_STATUS}"

# Stands where the generator puts its number, which has as many characters.
_NUMBER = "0123456789abcdef"
# One order in ten is on the page that is asked for.
_STATUSES = ("new", "processing", "complete")
_WEIGHTS = (60, 10, 30)
_WORDS = ("leave", "at", "the", "door", "ring", "twice", "call", "before", "gift", "fragile", "neighbour", "Straße")


def invoice_id(number: int) -> str:
    """One of the invoices that orders are made from."""
    return f"inv_bench_{number:04}"


def order_id(number: int) -> str:
    """One of the orders that a database is filled with."""
    return f"order_{number:07}"


def creates(key: str) -> list[Request]:
    """POST /orders: forms of manual orders that differ, each with an idempotency key of its own."""
    chance = random.Random(1)  # noqa: S311
    return [_post(key, "/orders", _new_order(chance)) for _ in range(FORMS)]


def fills(key: str, numbers: Iterable[int]) -> list[Request]:
    """POST /orders with the ids of ``order_id``."""
    chance = random.Random(2)  # noqa: S311
    return [_post(key, "/orders", {"id": order_id(number), **_new_order(chance)}) for number in numbers]


def updates(key: str, ids: Sequence[str]) -> list[Request]:
    """POST /orders/{id}: a new note and two more members, order after order in an order of chance."""
    chance = random.Random(3)  # noqa: S311
    return [
        _post(
            key,
            f"/orders/{each}",
            {"note": f"{_note(chance)} {_NUMBER}", "tracking_id": _token(chance), "shipment_carrier": "carrier"},
        )
        for each in _shuffled(ids)
    ]


def retrieves(key: str, ids: Sequence[str]) -> list[Request]:
    """GET /orders/{id}, in an order of chance."""
    return [_get(key, f"/orders/{each}") for each in _shuffled(ids)]


def page(key: str) -> list[Request]:
    """GET /orders: the first page of one hundred of those with a status."""
    return [_get(key, PAGE_PATH)]


def shop_pages(key: str) -> list[Request]:
    """GET /orders of a shop (``ops.bench.orders``): the latest of a status that most have, and the last changes."""
    status = quote("status[is]")
    return [
        _get(key, f"/orders?limit={PAGE_ORDERS}&{status}=delivered&{quote('sort_by[desc]')}=created_at"),
        _get(key, f"/orders?limit={PAGE_ORDERS}&{quote('sort_by[desc]')}=updated_at"),
    ]


def _new_order(chance: random.Random) -> dict[str, str]:
    return {
        "invoice_id": invoice_id(chance.randrange(INVOICES)),
        "status": chance.choices(_STATUSES, _WEIGHTS)[0],
        "reference_id": f"web-{_token(chance)}",
        "fulfillment_status": "in stock",
        "note": _note(chance),
        "tracking_id": _token(chance),
        "batch_id": f"batch_{chance.randrange(1000)}",
    }


def _post(key: str, path: str, form: dict[str, str]) -> Request:
    body = urlencode(form)
    head = _head("POST", path, key)
    fields = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return _pieces(f"{head}{fields}chargebee-idempotency-key: {_NUMBER}\r\n\r\n{body}")


def _get(key: str, path: str) -> Request:
    return _pieces(f"{_head('GET', path, key)}\r\n")


def _head(method: str, path: str, key: str) -> str:
    authorization = base64.b64encode(f"{key}:".encode()).decode()
    return (
        f"{method} /api/v2{path} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: order-ledger-bench\r\n"
        "Accept: application/json\r\n"
        f"Authorization: Basic {authorization}\r\n"
    )


def _pieces(request: str) -> Request:
    return request.encode("ascii").split(_NUMBER.encode())


def _shuffled(ids: Sequence[str]) -> list[str]:
    return random.Random(4).sample(ids, len(ids))  # noqa: S311


def _note(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randrange(3, 15)))


def _token(chance: random.Random) -> str:
    return f"{chance.getrandbits(48):012x}"

"""Writers that get in each other's way, through HTTP or straight through the command handler.

Every request says something that no other says, so that each acknowledged one can be found in the log afterwards.
What writers contend for (fields of one order, the credits of one invoice, number series) is shared; what would be
refused by the state of an order (a second cancellation) is left to one writer per order.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Protocol

import aiohttp
import asyncpg
import msgspec

from api.routes import ROUTES
from api.schemas.operation import OperationSchema
from api.services import Services
from ledger.envelope import Metadata
from ledger.errors import LedgerError
from ledger.handler import Caller
from ledger.ids import Site
from ops.invoice_loading import load_file

Form = dict[str, str]

INVOICES = 4
ORDERS = 20
_INVOICE_TOTAL = 50_000_000
_QUANTITY = 5_000
_IMPORTED_AT = "1767262200"
_PATHS = {route.name: route.path for route in ROUTES}
_SCHEMAS = {route.name: route.schema for route in ROUTES}
REQUEST_TIMEOUT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: an operation by its name, the order in its path, and its parameters."""

    operation: str
    order_id: str = ""
    form: Form = field(default_factory=dict)
    key: str | None = None

    @property
    def path(self) -> str:
        """Below the API's prefix."""
        return _PATHS[self.operation].replace("{id}", self.order_id)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The answer to a request. ``order`` is None in a refusal, whose code is ``code``."""

    asked: Asked
    request_id: str
    status: int
    order: dict[str, Any] | None = None
    code: str = ""
    replayed: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the service said that it is done."""
        return self.status == 200


class Door(Protocol):
    """A way into the ledger."""

    async def ask(self, asked: Asked) -> Told: ...


class HttpDoor:
    """The API, as its clients use it."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._prefix = f"{url}/api/v2"

    async def ask(self, asked: Asked) -> Told:
        """Send one request.

        Raises:
            aiohttp.ClientError: the connection broke; what came of the request is not known.
        """
        headers = {"chargebee-idempotency-key": asked.key} if asked.key else {}
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        async with self._client.post(
            self._prefix + asked.path, data=asked.form, headers=headers, timeout=timeout
        ) as response:
            body = msgspec.json.decode(await response.read())
            return Told(
                asked=asked,
                request_id=response.headers["x-request-id"],
                status=response.status,
                order=body.get("order"),
                code=body.get("api_error_code", ""),
                replayed="chargebee-idempotency-replayed" in response.headers,
            )


class HandlerDoor:
    """The command handler, without HTTP and without idempotency keys."""

    def __init__(self, services: Services, site: Site) -> None:
        self._services = services
        self._site = site

    async def ask(self, asked: Asked) -> Told:
        """Run one command."""
        request_id = self._services.ids.request_id()
        schema = _SCHEMAS[asked.operation]
        assert isinstance(schema, OperationSchema)
        given = {"order_id": asked.order_id} if asked.order_id else {}
        command = schema.read(list(asked.form.items()), **given)
        try:
            handled = await self._services.handler.handle(command, self._caller(request_id))
        except LedgerError as refused:
            return Told(asked=asked, request_id=request_id, status=refused.http_status, code=refused.api_error_code)
        assert handled.row
        return Told(asked=asked, request_id=request_id, status=200, order=msgspec.json.decode(handled.row.document))

    def _caller(self, request_id: str) -> Caller:
        metadata = Metadata(
            actor="writer",
            actor_kind="api_key",
            source="api",
            request_id=request_id,
            correlation_id=request_id,
            causation_id=request_id,
        )
        return Caller(site=self._site, live=False, name="writer", metadata=metadata)


async def load_big_invoices(pool: asyncpg.Pool, site: str) -> None:
    """Record paid invoices with room for very many small credit notes and resends."""
    lines = "\n".join(msgspec.json.encode(_big_invoice(number)).decode() for number in range(INVOICES))
    loaded = await load_file(pool, site, StringIO(lines))
    assert loaded.refused == []


async def import_shared(door: Door) -> list[Told]:
    """Import the orders that the writers share."""
    setup = [await door.ask(_imported(number)) for number in range(ORDERS)]
    assert {told.status for told in setup} == {200}, setup
    return setup


def _big_invoice(number: int) -> dict[str, Any]:
    return {
        "id": f"inv_big_{number}",
        "status": "paid",
        "currency_code": "USD",
        "customer_id": "cust_big",
        "price_type": "tax_exclusive",
        "total": _INVOICE_TOTAL,
        "amount_paid": _INVOICE_TOTAL,
        "paid_at": int(_IMPORTED_AT),
        "line_items": [
            {
                "id": f"li_big_{number}",
                "entity_type": "plan_item_price",
                "entity_id": "box-USD",
                "unit_amount": _INVOICE_TOTAL // _QUANTITY,
                "quantity": _QUANTITY,
                "amount": _INVOICE_TOTAL,
            }
        ],
    }


def _imported(number: int) -> Asked:
    return Asked(
        operation="import_order",
        form={
            "id": f"shared_{number}",
            "invoice_id": f"inv_big_{number % INVOICES}",
            "status": "queued",
            "created_at": _IMPORTED_AT,
            "order_date": _IMPORTED_AT,
            "shipping_date": _IMPORTED_AT,
        },
    )


@dataclass
class OwnOrder:
    """An order as the one writer knows it who may cancel, reopen and resend it."""

    id: str
    line_id: str
    cancelled: bool = False
    resends_left: int = 5


class Writer:
    """Makes requests, one after the other.

    Args:
        name: goes into all that it writes.
        shared: the orders that every writer changes, as their import answered.
        own: those of them that only this writer cancels, reopens and resends.
    """

    def __init__(self, name: str, shared: Sequence[dict[str, Any]], own: Sequence[dict[str, Any]]) -> None:
        self._name = name
        self._random = random.Random(name)
        self._shared = [order["id"] for order in shared]
        self._own = [OwnOrder(order["id"], order["order_line_items"][0]["id"]) for order in own]
        self._unnumbered: list[str] = []
        self._count = 0

    async def write(self, door: Door, requests: int, *, with_keys: bool) -> list[Told]:
        """Ask so many times. Some requests are sent twice at once under one key, as an impatient client does."""
        answers: list[Told] = []
        while len(answers) < requests:
            asked = self.next(with_keys=with_keys)
            copies = 2 if asked.key else 1
            told = await asyncio.gather(*(door.ask(asked) for _ in range(copies)))
            self.hear(told[0])
            answers += told
        return answers

    def next(self, *, with_keys: bool = False) -> Asked:
        """The next request."""
        self._count += 1
        dice = self._random.random()
        if dice < 0.08:
            return self._cancel_or_reopen()
        if dice < 0.16:
            return self._credit()
        if dice < 0.21 and (resend := self._resend()):
            return resend
        if dice < 0.26:
            return Asked(operation="create", form={"invoice_id": "inv_big_0", "note": self._something()})
        if dice < 0.30 and self._unnumbered:
            return Asked(operation="assign_order_number", order_id=self._unnumbered.pop())
        key = self._something() if with_keys and dice < 0.38 else None
        return self._update(key)

    def hear(self, told: Told) -> None:
        """Learn what came of a request."""
        asked = told.asked
        if not told.acknowledged or told.order is None:
            return
        if asked.operation == "create":
            self._unnumbered.append(told.order["id"])
        for own in self._own:
            if own.id == asked.order_id and asked.operation in {"cancel", "reopen"}:
                own.cancelled = asked.operation == "cancel"

    def _update(self, key: str | None) -> Asked:
        form = {"note": self._something()}
        for name in ("tracking_id", "reference_id", "fulfillment_status"):
            if self._random.random() < 0.3:
                form[name] = self._something()
        return Asked(operation="update", order_id=self._random.choice(self._shared), form=form, key=key)

    def _cancel_or_reopen(self) -> Asked:
        own = self._random.choice(self._own)
        if own.cancelled:
            void = self._random.choice(["true", "false"])
            return Asked(operation="reopen", order_id=own.id, form={"void_cancellation_credit_notes": void})
        form = {"cancellation_reason": "others", "comment": self._something()}
        if self._random.random() < 0.5:
            form["credit_note[total]"] = "2"
        return Asked(operation="cancel", order_id=own.id, form=form)

    def _credit(self) -> Asked:
        return Asked(
            operation="create_refundable_credit_note",
            order_id=self._random.choice(self._shared),
            form={
                "credit_note[total]": "1",
                "credit_note[reason_code]": "other",
                "comment": self._something(),
            },
        )

    def _resend(self) -> Asked | None:
        open_ones = [own for own in self._own if not own.cancelled and own.resends_left]
        if not open_ones:
            return None
        own = self._random.choice(open_ones)
        own.resends_left -= 1
        form = {
            "resend_reason": self._something(),
            "order_line_items[id][0]": own.line_id,
            "order_line_items[fulfillment_quantity][0]": "1",
        }
        return Asked(operation="resend", order_id=own.id, form=form)

    def _something(self) -> str:
        return f"{self._name}-{self._count}-{self._random.getrandbits(24):06x}"


def writers(names: Sequence[str], all_names: Sequence[str], shared: Sequence[dict[str, Any]]) -> list[Writer]:
    """Some of the writers; each shared order is the own of exactly one of all."""
    return [Writer(name, shared, shared[all_names.index(name) :: len(all_names)]) for name in names]

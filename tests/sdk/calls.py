"""One way to call either of the official Python SDKs, so that a test is written once for both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.acceptance.steps import Order

# The operations whose first argument is an id, by the SDKs' own names.
WITH_ID = {
    "update",
    "assign_order_number",
    "cancel",
    "create_refundable_credit_note",
    "reopen",
    "retrieve",
    "delete",
    "orders_for_invoice",
    "resend",
}
WITHOUT_PARAMETERS = {"assign_order_number", "retrieve", "delete"}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What an SDK made of an answer.

    ``orders`` are the documents as the SDK received them; ``shown`` is what the attributes of its order objects say,
    nested ones included, those that are None left out.
    """

    status: int
    replayed: bool
    headers: dict[str, str]
    orders: list[Order] = field(default_factory=list)
    shown: list[Order] = field(default_factory=list)
    next_offset: str | None = None

    @property
    def order(self) -> Order:
        """The only one."""
        [order] = self.orders
        return order


@dataclass(frozen=True, kw_only=True)
class EventReply:
    """What an SDK made of events: ``events`` as it received them, ``shown`` as its event objects say, and ``orders``
    what its objects of their contents say.
    """

    events: list[dict[str, Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    next_offset: str | None = None


@dataclass
class Refused(Exception):
    """The exception that an SDK raised: the name of its class, and its attributes."""

    kind: str
    status: int
    type: str | None
    api_error_code: str
    error_code: str
    param: str | None
    message: str
    headers: dict[str, str]


class Sdk(Protocol):
    """A version of the SDK, configured for one site of one server."""

    def call(
        self,
        operation: str,
        resource_id: str | None = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Call ``Order.<operation>``.

        Raises:
            Refused: the SDK raised one of its own exceptions.
        """

    def events(self, params: dict[str, Any]) -> EventReply:
        """Call ``Event.list``; errors as for ``call``."""

    def event(self, event_id: str) -> EventReply:
        """Call ``Event.retrieve``; errors as for ``call``."""


class SdkOrders:
    """The operations as the acceptance run plays them."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk

    def create(self, params: dict[str, Any]) -> Order:
        return self._sdk.call("create", None, params).order

    def update(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._sdk.call("update", order_id, params).order

    def import_order(self, params: dict[str, Any]) -> Order:
        return self._sdk.call("import_order", None, params).order

    def assign_order_number(self, order_id: str) -> Order:
        return self._sdk.call("assign_order_number", order_id).order

    def cancel(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._sdk.call("cancel", order_id, params).order

    def create_refundable_credit_note(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._sdk.call("create_refundable_credit_note", order_id, params).order

    def reopen(self, order_id: str) -> Order:
        return self._sdk.call("reopen", order_id).order

    def retrieve(self, order_id: str) -> Order:
        return self._sdk.call("retrieve", order_id).order

    def delete(self, order_id: str) -> Order:
        return self._sdk.call("delete", order_id).order

    def list(self, params: dict[str, Any]) -> tuple[Sequence[Order], str | None]:
        reply = self._sdk.call("list", None, params)
        return reply.orders, reply.next_offset

    def orders_for_invoice(self, invoice_id: str) -> Sequence[Order]:
        return self._sdk.call("orders_for_invoice", invoice_id).orders

    def resend(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._sdk.call("resend", order_id, params).order

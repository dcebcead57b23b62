"""The operations through Chargebee's official Python SDK, used as its users use it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from chargebee import Chargebee

from tests.acceptance.steps import Order


def sdk_client(url: str, key: str) -> Chargebee:
    """The SDK pointed at a local server: site and domain make up the host (conventions.md, section 11)."""
    host, _, port = urlsplit(url).netloc.partition(":")
    site, _, domain = host.partition(".")
    Chargebee.verify_ca_certs = False
    client = Chargebee(api_key=key, site=site, chargebee_domain=f"{domain}:{port}", protocol="http")
    assert client.env.api_endpoint == f"{url}/api/v2"
    return client


class SdkOrders:
    """Calls ``client.Order``; answers are the JSON that the SDK received."""

    def __init__(self, client: Chargebee) -> None:
        self._orders = client.Order

    def create(self, params: dict[str, Any]) -> Order:
        return _order(self._orders.create(params))

    def update(self, order_id: str, params: dict[str, Any]) -> Order:
        return _order(self._orders.update(order_id, params))

    def import_order(self, params: dict[str, Any]) -> Order:
        return _order(self._orders.import_order(params))

    def assign_order_number(self, order_id: str) -> Order:
        return _order(self._orders.assign_order_number(order_id))

    def cancel(self, order_id: str, params: dict[str, Any]) -> Order:
        return _order(self._orders.cancel(order_id, params))

    def create_refundable_credit_note(self, order_id: str, params: dict[str, Any]) -> Order:
        return _order(self._orders.create_refundable_credit_note(order_id, params))

    def reopen(self, order_id: str) -> Order:
        return _order(self._orders.reopen(order_id))

    def retrieve(self, order_id: str) -> Order:
        return _order(self._orders.retrieve(order_id))

    def delete(self, order_id: str) -> Order:
        return _order(self._orders.delete(order_id))

    def list(self, params: dict[str, Any]) -> tuple[Sequence[Order], str | None]:
        page = self._orders.list(params)
        return [entry.order.raw_data for entry in page.list], page.next_offset

    def orders_for_invoice(self, invoice_id: str) -> Sequence[Order]:
        return [entry.order.raw_data for entry in self._orders.orders_for_invoice(invoice_id).list]

    def resend(self, order_id: str, params: dict[str, Any]) -> Order:
        return _order(self._orders.resend(order_id, params))


def _order(response: Any) -> Order:
    assert response.http_status_code == 200
    order: Order = response.order.raw_data
    return order

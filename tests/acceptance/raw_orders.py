"""The operations over plain HTTP, with forms spelled as curl users spell them."""

import base64
import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.acceptance.steps import Order


class RawOrders:
    """Speaks HTTP with the standard library alone."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url).netloc
        self._authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode()

    def request(self, method: str, path: str, params: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body of one request."""
        form = urlencode(_flat(params or {}))
        headers = {"Authorization": self._authorization}
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            if method == "GET":
                connection.request("GET", f"/api/v2{path}?{form}", headers=headers)
            else:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                connection.request(method, f"/api/v2{path}", body=form, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def _order(self, method: str, path: str, params: dict[str, Any] | None = None) -> Order:
        status, body = self.request(method, path, params)
        assert status == 200, body
        assert list(body) == ["order"]
        order: Order = body["order"]
        return order

    def create(self, params: dict[str, Any]) -> Order:
        return self._order("POST", "/orders", params)

    def update(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._order("POST", f"/orders/{quote(order_id)}", params)

    def import_order(self, params: dict[str, Any]) -> Order:
        return self._order("POST", "/orders/import_order", params)

    def assign_order_number(self, order_id: str) -> Order:
        return self._order("POST", f"/orders/{order_id}/assign_order_number")

    def cancel(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._order("POST", f"/orders/{order_id}/cancel", params)

    def create_refundable_credit_note(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._order("POST", f"/orders/{order_id}/create_refundable_credit_note", params)

    def reopen(self, order_id: str) -> Order:
        return self._order("POST", f"/orders/{order_id}/reopen")

    def retrieve(self, order_id: str) -> Order:
        return self._order("GET", f"/orders/{quote(order_id)}")

    def delete(self, order_id: str) -> Order:
        return self._order("POST", f"/orders/{order_id}/delete")

    def list(self, params: dict[str, Any]) -> tuple[Sequence[Order], str | None]:
        status, body = self.request("GET", "/orders", params)
        assert status == 200, body
        return [entry["order"] for entry in body["list"]], body.get("next_offset")

    def orders_for_invoice(self, invoice_id: str) -> Sequence[Order]:
        status, body = self.request("GET", f"/invoices/{invoice_id}/orders")
        assert status == 200, body
        return [entry["order"] for entry in body["list"]]

    def resend(self, order_id: str, params: dict[str, Any]) -> Order:
        return self._order("POST", f"/orders/{order_id}/resend", params)


def _flat(params: dict[str, Any]) -> dict[str, Any]:
    """Nested parameters in brackets; lists of objects index the field."""
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, dict):
            flat |= {f"{name}[{member}]": each for member, each in value.items()}
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                flat |= {f"{name}[{member}][{index}]": each for member, each in entry.items()}
        else:
            flat[name] = value
    return flat

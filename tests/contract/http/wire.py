"""Requests spelled as clients spell them, and answers as they arrive: status, headers and the raw text."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from yarl import URL

from api.routes import ROUTES
from tests.api.requests import Client, bracketed
from tests.contract.contract import CONTRACT, OPERATIONS

Pairs = Iterable[tuple[str, str]]

BASE = "/api/v2"
ORDERS = f"{BASE}/orders"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json;charset=utf-8"

ERRORS: dict[str, dict[str, Any]] = {error["api_error_code"]: error for error in CONTRACT["errors"]}

# Chargebee's paths as the contract has them; of what only we have, our own.
_PATHS: dict[str, str] = {route.name: route.path for route in ROUTES} | {
    name: operation["path"] for name, operation in OPERATIONS.items()
}

CREATING = ("create", "import_order")
CHANGING = ("update", "assign_order_number", "cancel", "create_refundable_credit_note", "reopen", "delete", "resend")
WRITING = CREATING + CHANGING


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON of the answer."""
        return json.loads(self.raw)

    @property
    def order(self) -> dict[str, Any]:
        """The order of an answer that has to be a success."""
        assert self.status == 200, self.raw
        assert self.headers["Content-Type"] == JSON
        assert list(self.body) == ["order"]
        order: dict[str, Any] = self.body["order"]
        return order

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The orders of a page."""
        assert self.status == 200, self.raw
        assert self.headers["Content-Type"] == JSON
        assert [name for name in self.body if name != "as_of"] in (["list"], ["list", "next_offset"])
        return [entry["order"] for entry in self.body["list"]]

    @property
    def ids(self) -> list[str]:
        """The ids of the orders of a page."""
        return [order["id"] for order in self.orders]

    def refused(self, status: int, code: str, param: str | None = None) -> dict[str, Any]:
        """The body of a refusal that is exactly this one, with all that the contract asks of an error."""
        body: dict[str, Any] = self.body
        assert (self.status, body["api_error_code"], body.get("param")) == (status, code, param), body
        assert ERRORS[code]["http_status"] == status
        assert body.get("type") == ERRORS[code].get("type"), body
        assert body["http_status_code"] == status
        assert body["message"] == (f"{param} : {body['error_msg']}" if param else body["error_msg"])
        assert body["error_code"]
        assert body.get("error_param") == param
        assert None not in body.values()
        assert self.headers["Content-Type"] == JSON
        return body


def path_of(operation: str, resource_id: str = "") -> str:
    """The address of an operation, with the id as the SDKs write it: a slash stays a slash."""
    template = _PATHS[operation]
    head, brace, tail = template.partition("{")
    return BASE + head + (quote(resource_id) + tail.partition("}")[2] if brace else "")


async def call(
    client: Client,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    content_type: str | None = FORM,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request with exactly this path, query included, and exactly this body."""
    own = dict(headers or {})
    skipped = ["User-Agent"]
    if method == "POST" and content_type is not None:
        own["Content-Type"] = content_type
    else:
        skipped.append("Content-Type")
    response = await client.request(
        method, URL(path, encoded=True), data=body or None, headers=own, skip_auto_headers=skipped
    )
    return Answer(response.status, response.headers, await response.read())


async def post(
    client: Client, operation: str, pairs: Pairs = (), order_id: str = "", *, headers: Mapping[str, str] | None = None
) -> Answer:
    """A write, its parameters in a form."""
    return await call(client, "POST", path_of(operation, order_id), urlencode(list(pairs)).encode(), headers=headers)


async def get(
    client: Client,
    operation: str,
    pairs: Pairs = (),
    resource_id: str = "",
    *,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """A read, its parameters in the query."""
    query = urlencode(list(pairs))
    return await call(client, "GET", path_of(operation, resource_id) + (f"?{query}" if query else ""), headers=headers)


async def retrieved(client: Client, order_id: str) -> dict[str, Any]:
    """The order as it can be read now."""
    return (await get(client, "retrieve", resource_id=order_id)).order


async def listed(client: Client, **params: str) -> list[dict[str, Any]]:
    """Up to a hundred orders; ``status__in`` is the filter ``status[in]``."""
    pairs = [(bracketed(name), value) for name, value in {"limit": "100", **params}.items()]
    return (await get(client, "list", pairs)).orders

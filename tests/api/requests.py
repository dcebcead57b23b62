"""Small words for tests of the API."""

import base64
from collections.abc import Mapping
from typing import Any

from aiohttp.test_utils import TestClient

Client = TestClient[Any, Any]
ORDERS = "/api/v2/orders"


def basic(key: str) -> dict[str, str]:
    """The header of HTTP basic authentication with an API key."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


async def create(client: Client, **params: Any) -> dict[str, Any]:
    """A new manual order."""
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001", **params})
    assert response.status == 200, await response.text()
    order: dict[str, Any] = (await response.json())["order"]
    return order


async def import_order(client: Client, invoice_id: str = "inv_0001", **params: Any) -> dict[str, Any]:
    """A new imported order."""
    times = {"created_at": 1517505731, "order_date": 1517505731, "shipping_date": 1517505731}
    form = {"invoice_id": invoice_id, "status": "queued", **times, **params}
    response = await client.post(f"{ORDERS}/import_order", data=form)
    assert response.status == 200, await response.text()
    order: dict[str, Any] = (await response.json())["order"]
    return order


async def refused(response: Any, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    """The body of a refusal that is exactly this one, in Chargebee's shape."""
    body: dict[str, Any] = await response.json()
    assert (response.status, body["api_error_code"], body.get("param")) == (status, code, param), body
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert body["http_status_code"] == status
    assert body["message"]
    return body


async def every_page(
    client: Client, path: str, name: str, headers: Mapping[str, str] | None = None, **params: Any
) -> list[dict[str, Any]]:
    """The entries of a list over all of its pages, each below its name; ``id__in`` is the filter ``id[in]``."""
    found: list[dict[str, Any]] = []
    query = {bracketed(each): str(value) for each, value in {"limit": 100, **params}.items()}
    while True:
        response = await client.get(path, params=query, headers=headers)
        assert response.status == 200, await response.text()
        page = await response.json()
        found += [entry[name] for entry in page["list"]]
        if "next_offset" not in page:
            return found
        query["offset"] = page["next_offset"]


def bracketed(name: str) -> str:
    """``id__in`` as a request spells it: ``id[in]``."""
    root, brackets, operator = name.partition("__")
    return f"{root}[{operator}]" if brackets else root

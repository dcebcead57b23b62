"""What an operation answers when all went well, and the headers of answers."""

from collections.abc import Iterator

from api.openapi.texts import member_words, words
from api.openapi.values import Json
from api.routing import Route
from ledger.limits import OFFSET_LENGTH_MAX, PAGE_LIMIT_MAX

REQUEST_ID = "x-request-id"
REPLAYED = "chargebee-idempotency-replayed"
RETRY_AFTER = "Retry-After"

_HEADERS: dict[str, Json] = {
    REQUEST_ID: {"type": "string"},
    REPLAYED: {"type": "string", "const": "true"},
    RETRY_AFTER: {"type": "integer", "minimum": 1},
}
_ANSWERS = {"list": "OrderList", "orders_for_invoice": "OrderList", "configurations": "ConfigurationList"}


def headers() -> Iterator[tuple[str, Json]]:
    """All headers of answers, to be referred to by name."""
    for name, schema in _HEADERS.items():
        yield name, {"schema": schema} | words("headers", name)


def answer(route: Route) -> Json:
    """The response of status 200."""
    names = [REQUEST_ID, REPLAYED] if route.method == "POST" else [REQUEST_ID]
    component = _ANSWERS.get(route.name, "OrderAnswer")
    return {
        "description": words("resources", component)["description"],
        "headers": {name: name for name in names},
        "content": {"application/json": {"schema": _ref(component)}},
    }


def envelopes() -> Iterator[tuple[str, Json]]:
    """Name and schema of each kind of answer."""
    orders = {"type": "array", "items": _ref("OrderAnswer"), "maxItems": PAGE_LIMIT_MAX}
    next_offset = {"type": "string", "maxLength": OFFSET_LENGTH_MAX}
    site = {"domain": {"type": "string"}, "product_catalog_version": {"type": "string", "const": "v2"}}
    sites = {"type": "array", "items": _ref("Configuration"), "minItems": 1, "maxItems": 1}
    yield "OrderAnswer", _object("OrderAnswer", {"order": _ref("Order")}, ["order"])
    yield "OrderList", _object("OrderList", {"list": orders, "next_offset": next_offset}, ["list"])
    yield "Configuration", _object("Configuration", site, list(site))
    yield "ConfigurationList", _object("ConfigurationList", {"configurations": sites}, ["configurations"])


def _object(component: str, members: Json, required: list[str]) -> Json:
    described = {name: schema | member_words(component, name) for name, schema in members.items()}
    return {"type": "object", "properties": described, "required": required} | words("resources", component)


def _ref(component: str) -> Json:
    return {"$ref": f"#/components/schemas/{component}"}

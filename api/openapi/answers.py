"""What an operation answers when all went well, and the headers of answers."""

from collections.abc import Iterator

from api.event_stream import MEDIA_TYPE as STREAM
from api.openapi.texts import member_words, words
from api.openapi.values import Json
from api.routing import Route
from ledger.limits import OFFSET_LENGTH_MAX, PAGE_LIMIT_MAX, REFUSALS_IN_HISTORY_MAX
from ledger.merkle.limits import PROOF_HASHES_MAX

REQUEST_ID = "x-request-id"
REPLAYED = "chargebee-idempotency-replayed"
RETRY_AFTER = "Retry-After"

_HASH: Json = {"type": "string", "contentEncoding": "base64", "minLength": 44, "maxLength": 44}
_HEADERS: dict[str, Json] = {
    REQUEST_ID: {"type": "string"},
    REPLAYED: {"type": "string", "const": "true"},
    RETRY_AFTER: {"type": "integer", "minimum": 1},
}
_ANSWERS = {
    "list": "OrderList",
    "orders_for_invoice": "OrderList",
    "configurations": "ConfigurationList",
    "retrieve": "RetrievedOrder",
    "history": "HistoryList",
    "diff": "DiffAnswer",
    "list_events": "EventList",
    "retrieve_event": "EventAnswer",
    "create_webhook_endpoint": "WebhookEndpointAnswer",
    "list_webhook_endpoints": "WebhookEndpointList",
    "retrieve_webhook_endpoint": "WebhookEndpointAnswer",
    "update_webhook_endpoint": "WebhookEndpointAnswer",
    "delete_webhook_endpoint": "WebhookEndpointAnswer",
    "ledger_changes": "LoggedChangeList",
    "list_requests": "RequestList",
    "retrieve_request": "RequestAnswer",
    "find_orders": "FoundOrderList",
    "retrieve_invoice": "InvoiceAnswer",
    "list_webhook_deliveries": "WebhookDeliveryList",
    "count_webhook_deliveries": "WebhookDeliveryCountsAnswer",
    "ledger_health": "HealthAnswer",
    "ledger_overview": "OverviewAnswer",
    "ledger_verification": "VerificationAnswer",
    "log_keys": "LogKeyList",
    "inclusion_proof": "InclusionAnswer",
    "consistency_proof": "ConsistencyAnswer",
}
# Answered as they are, each in a form of its own: media type and the name of its words.
FILES = {
    "checkpoint": ("text/plain", "CheckpointNote"),
    "tile": ("application/octet-stream", "TileHashes"),
    "event_proof": ("text/plain", "ProofFile"),
    "order_proof": ("text/plain", "ProofFile"),
}
# Answered as server-sent events too, to whoever accepts them.
_STREAMED = frozenset({"ledger_changes"})


def headers() -> Iterator[tuple[str, Json]]:
    """All headers of answers, to be referred to by name."""
    for name, schema in _HEADERS.items():
        yield name, {"schema": schema} | words("headers", name)


def answer(route: Route) -> Json:
    """The response of status 200."""
    names = [REQUEST_ID, REPLAYED] if route.method == "POST" else [REQUEST_ID]
    if route.name in FILES:
        media_type, name = FILES[route.name]
        file: Json = {media_type: {"schema": {"type": "string"}}}
        return {**words("resources", name), "headers": {each: each for each in names}, "content": file}
    component = _ANSWERS.get(route.name, "OrderAnswer")
    also = {STREAM: {"schema": {"type": "string"}}} if route.name in _STREAMED else {}
    return {
        "description": words("resources", component)["description"],
        "headers": {name: name for name in names},
        "content": {"application/json": {"schema": _ref(component)}} | also,
    }


def envelopes() -> Iterator[tuple[str, Json]]:
    """Name and schema of each kind of answer."""
    site = {"domain": {"type": "string"}, "product_catalog_version": {"type": "string", "const": "v2"}}
    sites = {"type": "array", "items": _ref("Configuration"), "minItems": 1, "maxItems": 1}
    yield "OrderAnswer", _object("OrderAnswer", {"order": _ref("Order")}, ["order"])
    yield "RetrievedOrder", _object("RetrievedOrder", {"order": _ref("Order"), "as_of": _ref("AsOf")}, ["order"])
    yield "OrderList", _list("OrderList", "OrderAnswer", as_of=_ref("ListAsOf"))
    bounded: Json = {"type": "boolean", "const": True}
    yield "FoundOrderList", _list("FoundOrderList", "OrderAnswer", as_of=_ref("ListAsOf"), is_bounded=bounded)
    yield "ChangeAnswer", _object("ChangeAnswer", {"change": _ref("Change")}, ["change"])
    yield "HistoryList", _history()
    yield "DiffAnswer", _object("DiffAnswer", {"diff": _ref("Diff")}, ["diff"])
    yield "EventAnswer", _object("EventAnswer", {"event": _ref("Event")}, ["event"])
    yield "EventList", _list("EventList", "EventAnswer")
    endpoint = {"webhook_endpoint": _ref("WebhookEndpoint")}
    yield "WebhookEndpointAnswer", _object("WebhookEndpointAnswer", endpoint, ["webhook_endpoint"])
    yield "WebhookEndpointList", _list("WebhookEndpointList", "WebhookEndpointAnswer")
    logged = {"change": _ref("LoggedChange")}
    yield "LoggedChangeAnswer", _object("LoggedChangeAnswer", logged, ["change"])
    yield "LoggedChangeList", _list("LoggedChangeList", "LoggedChangeAnswer")
    yield "RequestAnswer", _object("RequestAnswer", {"request": _ref("Request")}, ["request"])
    yield "RequestList", _list("RequestList", "RequestAnswer", dropped={"type": "integer", "minimum": 0})
    yield "InvoiceAnswer", _object("InvoiceAnswer", {"invoice": _ref("Invoice")}, ["invoice"])
    yield from _deliveries()
    yield "HealthAnswer", _object("HealthAnswer", {"health": _ref("Health")}, ["health"])
    yield "OverviewAnswer", _object("OverviewAnswer", {"overview": _ref("Overview")}, ["overview"])
    verification = {"verification": _ref("Verification")}
    yield "VerificationAnswer", _object("VerificationAnswer", verification, ["verification"])
    yield from _proofs()
    yield "Configuration", _object("Configuration", site, list(site))
    yield "ConfigurationList", _object("ConfigurationList", {"configurations": sites}, ["configurations"])


def _history() -> Json:
    """Changes, with refused requests between them where they were asked for."""
    listed = _list("HistoryList", "ChangeAnswer", has_more_requests={"type": "boolean", "const": True})
    entries: Json = listed["properties"]["list"]
    entries["items"] = {"anyOf": [_ref("ChangeAnswer"), _ref("RequestAnswer")]}
    entries["maxItems"] = PAGE_LIMIT_MAX + REFUSALS_IN_HISTORY_MAX
    return listed


def _deliveries() -> Iterator[tuple[str, Json]]:
    delivery = {"webhook_delivery": _ref("WebhookDelivery")}
    counts = {"webhook_delivery_counts": _ref("WebhookDeliveryCounts")}
    yield "WebhookDeliveryAnswer", _object("WebhookDeliveryAnswer", delivery, list(delivery))
    yield "WebhookDeliveryList", _list("WebhookDeliveryList", "WebhookDeliveryAnswer")
    yield "WebhookDeliveryCountsAnswer", _object("WebhookDeliveryCountsAnswer", counts, list(counts))


def _proofs() -> Iterator[tuple[str, Json]]:
    size: Json = {"type": "integer", "minimum": 0}
    text: Json = {"type": "string"}
    hashes: Json = {"type": "array", "items": _HASH, "maxItems": PROOF_HASHES_MAX + 1}
    key = {"verifier_key": text, "from_size": size, "until_size": size}
    signed = {"size": size, "note": text}
    place = {"position": size, "leaf_index": size}
    included = {**place, "leaf": _HASH, "hashes": hashes, "checkpoint": _ref("SignedCheckpoint")}
    continued = {"hashes": hashes, "from": _ref("SignedCheckpoint"), "to": _ref("SignedCheckpoint")}
    keys: Json = {"type": "array", "items": _ref("LogKey")}
    yield "LogKey", _object("LogKey", key, ["verifier_key", "from_size"])
    yield "LogKeyList", _object("LogKeyList", {"origin": text, "keys": keys}, ["origin", "keys"])
    yield "SignedCheckpoint", _object("SignedCheckpoint", signed, list(signed))
    yield "Inclusion", _object("Inclusion", included, list(included))
    yield "InclusionAnswer", _object("InclusionAnswer", {"inclusion": _ref("Inclusion")}, ["inclusion"])
    yield "Consistency", _object("Consistency", continued, list(continued))
    yield "ConsistencyAnswer", _object("ConsistencyAnswer", {"consistency": _ref("Consistency")}, ["consistency"])


def _list(component: str, entry: str, **more: Json) -> Json:
    """A page of a list, with more members beside the usual ones."""
    entries = {"type": "array", "items": _ref(entry), "maxItems": PAGE_LIMIT_MAX}
    next_offset = {"type": "string", "maxLength": OFFSET_LENGTH_MAX}
    return _object(component, {"list": entries, "next_offset": next_offset, **more}, ["list"])


def _object(component: str, members: Json, required: list[str]) -> Json:
    described = {name: schema | member_words(component, name) for name, schema in members.items()}
    return {"type": "object", "properties": described, "required": required} | words("resources", component)


def _ref(component: str) -> Json:
    return {"$ref": f"#/components/schemas/{component}"}

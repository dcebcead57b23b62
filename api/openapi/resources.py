"""The resources of answers, from the structs that write them (``projections.order_document``, ``projections.history``).

The structs hold plain text; which text is one of a closed set, their origin in the ledger says.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import msgspec
from msgspec.inspect import EnumType as EnumField
from msgspec.inspect import StructType, type_info

from api import verification
from api.openapi.texts import member_words, words
from api.openapi.values import UNIX_TIME, WHOLE_NUMBER, Json
from api.requests import document as request_documents
from ledger import parts
from ledger.invoice import InvoiceFacts, InvoiceLine
from ledger.order import Order
from projections import invoice_document as invoices
from projections import order_document as documents
from projections import overview, site_health
from projections.changes import document as logged
from projections.chargebee_events import resource as events
from projections.history import changes, difference, order_states
from projections.past import lists as past_lists
from projections.webhooks import delivery_documents as deliveries
from projections.webhooks import endpoint_document as endpoints

# Component, the struct that writes it, the struct its members come from, and what ``object`` says.
_RESOURCES: tuple[tuple[str, type[msgspec.Struct], type[msgspec.Struct], tuple[str, ...]], ...] = (
    ("Order", documents.OrderDocument, Order, ("order",)),
    ("OrderLineItem", documents.LineItemDocument, parts.OrderLine, ("order_line_item",)),
    ("LineItemTax", documents.LineItemTaxDocument, parts.LineItemTax, ("line_item_tax",)),
    ("LineItemDiscount", documents.LineItemDiscountDocument, parts.LineItemDiscount, ("line_item_discount",)),
    ("LinkedCreditNote", documents.LinkedCreditNoteDocument, parts.LinkedCreditNote, ("linked_credit_note",)),
    ("ResentOrder", documents.ResentOrderDocument, parts.ResentOrder, ("resent_order",)),
    ("Address", documents.AddressDocument, parts.Address, ("shipping_address", "billing_address")),
    ("Change", changes.Change, changes.Change, ("change",)),
    ("ChangeRequest", changes.RequestDocument, changes.RequestDocument, ()),
    ("Event", events.EventDocument, events.EventDocument, ("event",)),
    ("EventContent", events.ContentDocument, events.ContentDocument, ()),
    ("EventWebhook", events.WebhookDocument, events.WebhookDocument, ("webhook",)),
    ("WebhookEndpoint", endpoints.WebhookEndpointDocument, parts.WebhookEndpoint, ("webhook_endpoint",)),
    ("LoggedChange", logged.LoggedChange, logged.LoggedChange, ("change",)),
    ("MemberChange", difference.MemberChange, difference.MemberChange, ()),
    ("MoneyChange", difference.MoneyChange, difference.MoneyChange, ()),
    ("Diff", order_states.DiffDocument, order_states.DiffDocument, ("diff",)),
    ("Place", order_states.Place, order_states.Place, ()),
    ("AsOf", order_states.AsOf, order_states.AsOf, ()),
    ("ListAsOf", past_lists.ListAsOf, past_lists.ListAsOf, ()),
    ("Request", request_documents.KeptRequestDocument, request_documents.KeptRequestDocument, ("request",)),
    ("RequestParameter", request_documents.RequestParameter, request_documents.RequestParameter, ()),
    ("EventOfRequest", request_documents.EventOfRequest, request_documents.EventOfRequest, ()),
    ("Invoice", invoices.InvoiceDocument, InvoiceFacts, ("invoice",)),
    ("InvoiceLine", invoices.InvoiceLineDocument, InvoiceLine, ()),
    ("InvoiceLineShare", invoices.LineShareDocument, invoices.LineShareDocument, ()),
    ("InvoiceOrder", invoices.InvoiceOrderDocument, Order, ()),
    ("WebhookDelivery", deliveries.WebhookDeliveryDocument, deliveries.WebhookDeliveryDocument, ("webhook_delivery",)),
    (
        "WebhookDeliveryCounts",
        deliveries.DeliveryCountsDocument,
        deliveries.DeliveryCountsDocument,
        ("webhook_delivery_counts",),
    ),
    ("EndpointDeliveries", deliveries.EndpointDeliveriesDocument, deliveries.EndpointDeliveriesDocument, ()),
    ("DeliveryCount", deliveries.DeliveryCountDocument, deliveries.DeliveryCountDocument, ()),
    ("Health", site_health.HealthDocument, site_health.HealthDocument, ("health",)),
    ("Consumer", site_health.ConsumerDocument, site_health.ConsumerDocument, ()),
    ("ParkedOrder", site_health.ParkedOrderDocument, site_health.ParkedOrderDocument, ()),
    ("Rebuild", site_health.RebuildDocument, site_health.RebuildDocument, ()),
    ("LastCheckpoint", site_health.CheckpointDocument, site_health.CheckpointDocument, ()),
    ("LastAnchor", site_health.AnchorDocument, site_health.AnchorDocument, ()),
    ("Overview", overview.OverviewDocument, overview.OverviewDocument, ("overview",)),
    ("StatusCount", overview.StatusCountDocument, overview.StatusCountDocument, ()),
    ("DayCount", overview.DayCountDocument, overview.DayCountDocument, ()),
    ("Verification", verification.VerificationDocument, verification.VerificationDocument, ("verification",)),
    ("VerificationReport", verification.VerificationReportDocument, verification.VerificationReportDocument, ()),
)
# What holds the others.
_ROOTS = (
    documents.OrderDocument,
    changes.Change,
    events.EventDocument,
    endpoints.WebhookEndpointDocument,
    logged.LoggedChange,
    order_states.DiffDocument,
    order_states.AsOf,
    past_lists.ListAsOf,
    request_documents.KeptRequestDocument,
    invoices.InvoiceDocument,
    deliveries.WebhookDeliveryDocument,
    deliveries.DeliveryCountsDocument,
    site_health.HealthDocument,
    overview.OverviewDocument,
    verification.VerificationDocument,
)
# Members that hold whatever an order holds.
_ANYTHING = frozenset({"MemberChange.before", "MemberChange.after"})
_ANY: Json = {"type": ["string", "number", "boolean", "object", "array"]}
# More may be in orders than there is.
_SIGNED = frozenset({"InvoiceLine.in_no_order"})
_REF = "#/components/schemas/"
_NAMES = {struct.__name__: component for component, struct, _, _ in _RESOURCES}
_is_time = re.compile(r"^date_|_(at|on|date)$|^(at|date)$").search


def resources(lengths: dict[str, int]) -> Iterator[tuple[str, Json]]:
    """Name and schema of each resource.

    Args:
        lengths: of members that callers set, by ``Component.member``.
    """
    _, generated = msgspec.json.schema_components(_ROOTS, ref_template=_REF + "{name}")
    for component, struct, source, objects in _RESOURCES:
        enums = _enums(source) | ({"object": list(objects)} if objects else {})
        members = {
            name: _member(component, name, plain, enums.get(name), lengths.get(f"{component}.{name}"))
            for name, plain in generated[struct.__name__]["properties"].items()
        }
        required = generated[struct.__name__]["required"]
        yield component, {"type": "object", "properties": members, "required": required} | words("resources", component)


def _member(component: str, name: str, plain: Json, enum: list[str] | None, length: int | None) -> Json:
    schema = dict(_ANY) if f"{component}.{name}" in _ANYTHING else _typed(name, _present(plain))
    if f"{component}.{name}" in _SIGNED:
        del schema["minimum"]
    if schema.get("type") == "array" and "default" in plain:
        # Left out where it is empty.
        schema["minItems"] = 1
    if enum:
        schema["enum"] = enum
    if length and not enum:
        schema["maxLength"] = length
    return schema | member_words(component, name)


def _present(plain: Json) -> Json:
    """Without null and default: a member without a value is absent."""
    [present] = [each for each in plain.get("anyOf", [plain]) if each != {"type": "null"}]
    return {name: value for name, value in present.items() if name != "default"}


def _typed(name: str, plain: Json) -> Json:
    if "$ref" in plain:
        component = _NAMES.get(plain["$ref"].removeprefix(_REF))
        return {"$ref": _REF + component} if component else {"type": "string"}
    match plain.get("type"):
        case "array":
            return {"type": "array", "items": _typed(name, plain["items"])}
        case "integer":
            return dict(UNIX_TIME if _is_time(name) else WHOLE_NUMBER)
        case None:
            # Decimals are written as they came, as ``Raw``.
            return {"type": "number"}
    return plain


def _enums(struct: type[msgspec.Struct]) -> dict[str, list[str]]:
    info = type_info(struct)
    assert isinstance(info, StructType)
    found = {field.name: _enum_of(field.type) for field in info.fields}
    return {name: [str(choice.value) for choice in cls] for name, cls in found.items() if cls}


def _enum_of(field: Any) -> type[Enum] | None:
    options = getattr(field, "types", (field,))
    return next((option.cls for option in options if isinstance(option, EnumField)), None)

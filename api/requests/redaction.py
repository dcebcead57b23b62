"""Which parameters of a request are kept as they are, and which only by their length.

An allow list: a value is kept where its parameter is listed here and the value has the parameter's own form (one of
its choices, digits, an id). So a mail address that was put into ``status`` or ``id`` is not kept either. Everything
else, every parameter that no operation knows among it, leaves its name and its length; a name that does not look like
one leaves nothing of itself. What looks like an API key is never kept, wherever it stands.
"""

import re
from collections.abc import Iterable

from api.forms import Pairs
from api.parameters import Bracket, Parameter
from ledger.limits import REQUEST_PARAMETERS_KEPT_MAX
from ledger.requests import KeptParameter

REDACTED = "[redacted]"

# By name; filters by the name before the operator.
KEPT = frozenset(
    {
        *("id", "order_id", "invoice_id", "subscription_id", "customer_id", "original_order_id", "reference_id"),
        *("batch_id", "document_number", "request_id", "causation_id", "correlation_id", "event_id", "event_type"),
        *("endpoint_id",),
        *("status", "order_type", "resent_status", "is_resent", "cancellation_reason", "credit_note[reason_code]"),
        *("created_at", "updated_at", "order_date", "shipping_date", "shipping_cut_off_date", "recorded_at", "at"),
        *("shipped_at", "delivered_at", "cancelled_at", "paid_on", "occurred_at", "start_time", "end_time"),
        *("credit_note[total]", "refundable_credits_issued", "void_cancellation_credit_notes"),
        *("order_line_items[id]", "order_line_items[status]", "order_line_items[fulfillment_quantity]"),
        *("order_line_items[sku]",),
        *("limit", "sort_by", "include_deleted", "exclude_deleted_credit_notes", "is_refused", "include_requests"),
        *("api_error_code", "operation", "source", "type", "version", "position", "size"),
        *("webhook_status",),
        *("as_of", "as_of[version]", "as_of[time]", "as_of[position]"),
        *("from", "from[version]", "from[time]", "from[position]"),
        *("to", "to[version]", "to[time]", "to[position]", "to[order_id]"),
        *("last_event_id", "include_difference"),
        *("primary_url", "disabled", "api_version", "send_card_resource", "chargebee_response_schema_type"),
        *("enabled_events",),
    }
)

# Free texts, what leads to a person, and what only repeats other parameters: named so that nobody forgets one.
WITHHELD = frozenset(
    {
        *("note", "comment", "customer_notes", "resend_reason", "fulfillment_status"),
        *("tracking_id", "tracking_url", "shipment_carrier"),
        *("actor", "words", "path", "offset"),
        *("name", "url", "basic_auth_username", "basic_auth_password"),
        *(
            f"{address}[{member}]"
            for address in ("shipping_address", "billing_address")
            for member in (
                *("first_name", "last_name", "email", "company", "phone", "line1", "line2", "line3", "city"),
                *("state_code", "state", "zip", "country", "validation_status"),
            )
        ),
    }
)

ID_LENGTH_MAX = 50
_LIST_LENGTH_MAX = 500
_is_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]*").fullmatch
_is_number = re.compile(r"[0-9]{1,16}").fullmatch
_is_name = re.compile(r"[a-z][a-z0-9_-]{0,59}(\[([a-z][a-z0-9_]{0,59}|[0-9]{1,3})?\]){0,3}").fullmatch
# As ``ledger.sites`` makes keys, and as Chargebee's look.
_key_like = re.compile(r"(?:test|live)_[A-Za-z0-9_-]{20}").search
_index = re.compile(r"\[[0-9]{0,3}\]$")


def class_of(parameter: Parameter) -> str:
    """Under which name a parameter is listed above."""
    return parameter.root if parameter.bracket is Bracket.FILTER else parameter.name


def id_shown(text: str) -> str:
    """An id of a request, if it looks like one."""
    return text if len(text) <= ID_LENGTH_MAX and _is_id(text) and not _key_like(text) else REDACTED


def name_shown(text: str) -> str:
    """The name of a parameter, if it looks like one."""
    return text if _is_name(text) and not _key_like(text) else REDACTED


def without_keys(text: str | None) -> str | None:
    """A text that is recorded anyway, such as the origin of a request, unless a key was put there."""
    return REDACTED if text and _key_like(text) else text


class Redaction:
    """Redacts the parameters of one operation."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        # All that the operation knows; None for what is withheld.
        self._known = {each.name: each if class_of(each) in KEPT else None for each in parameters}

    def kept(self, pairs: Pairs) -> tuple[KeptParameter, ...]:
        """What is kept of the first parameters of a request."""
        return tuple(self._one(name, value) for name, value in pairs[:REQUEST_PARAMETERS_KEPT_MAX])

    def withheld(self, pairs: Pairs) -> set[str]:
        """The values that are not kept."""
        return {value for name, value in pairs if not self._is_kept(name, value)}

    def _one(self, name: str, value: str) -> KeptParameter:
        shown = name if name in self._known else name_shown(name)
        if not value or self._is_kept(name, value):
            return KeptParameter(name=shown, value=value)
        return KeptParameter(name=shown, value=REDACTED, length=len(value))

    def _is_kept(self, name: str, value: str) -> bool:
        known = name if name in self._known else _index.sub("", name)
        parameter = self._known.get(known)
        return parameter is not None and _has_form(parameter, value)


def _has_form(parameter: Parameter, value: str) -> bool:
    if parameter.bracket is Bracket.FILTER and value.startswith("["):
        values = [each.strip(" \"'") for each in value[1:].removesuffix("]").split(",")]
        return len(value) <= _LIST_LENGTH_MAX and all(_is_single(parameter, each) for each in values)
    return _is_single(parameter, value)


def _is_single(parameter: Parameter, value: str) -> bool:
    match parameter.type:
        case "enum":
            return value.isascii() and value.lower() in parameter.choices
        case "boolean":
            return value.lower() in {"true", "false"}
        case "string":
            return id_shown(value) == value
    return bool(_is_number(value))

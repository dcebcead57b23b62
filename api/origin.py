"""What the headers of a request say about where it came from and how it is to be handled.

Decided where Chargebee is silent: ``origin-*`` headers are hints for the record, so a bad one never fails a
write. They lose control characters and are cut to length, and one that cannot be decoded counts as absent. A key
or an entity id decides what happens, so a bad one is refused.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import ParamWrongValue
from ledger.limits import BUSINESS_ENTITY_ID_LENGTH_MAX, IDEMPOTENCY_KEY_LENGTH_MAX, ORIGIN_HEADER_LENGTH_MAX

IDEMPOTENCY_KEY = "chargebee-idempotency-key"
GO_IDEMPOTENCY_KEY = "X-CB-Idempotency-Key"
BUSINESS_ENTITY_ID = "chargebee-business-entity-id"
ORIGIN_USER = "chargebee-request-origin-user"
ORIGIN_USER_ENCODED = "chargebee-request-origin-user-encoded"
ORIGIN_IP = "chargebee-request-origin-ip"
ORIGIN_DEVICE = "chargebee-request-origin-device"
EVENT_WEBHOOK = "chargebee-event-webhook"
EVENT_ACTIONS = "chargebee-event-actions"
_DISABLED = "all-disabled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The optional members of ``ledger.envelope.Metadata`` that headers carry."""

    idempotency_key: str | None = None
    user: str | None = None
    ip: str | None = None
    device: str | None = None
    business_entity_id: str | None = None
    webhooks_disabled: bool = False


def read_origin(method: str, headers: Mapping[str, str]) -> Origin:
    """The origin of a request.

    Args:
        headers: compares names without letter case, as aiohttp's does.

    Raises:
        ParamWrongValue: an idempotency key or business entity id that is too long or holds control characters.
    """
    is_write = method == "POST"
    return Origin(
        idempotency_key=_idempotency_key(headers) if is_write else None,
        user=_decoded_user(headers) or _recorded(headers.get(ORIGIN_USER)),
        ip=_recorded(headers.get(ORIGIN_IP)),
        device=_recorded(headers.get(ORIGIN_DEVICE)),
        business_entity_id=_checked(headers, BUSINESS_ENTITY_ID, BUSINESS_ENTITY_ID_LENGTH_MAX),
        webhooks_disabled=is_write and _DISABLED in (headers.get(EVENT_WEBHOOK), headers.get(EVENT_ACTIONS)),
    )


def _idempotency_key(headers: Mapping[str, str]) -> str | None:
    return _checked(headers, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_LENGTH_MAX) or _checked(
        headers, GO_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_LENGTH_MAX
    )


def _checked(headers: Mapping[str, str], name: str, length_max: int) -> str | None:
    value = headers.get(name, "").strip()
    if len(value) > length_max:
        raise ParamWrongValue(f"should not be longer than {length_max} characters", param=name)
    if value != _without_controls(value):
        raise ParamWrongValue("should not hold control characters or bytes that are not UTF-8", param=name)
    return value or None


def _recorded(value: str | None) -> str | None:
    return _without_controls(value)[:ORIGIN_HEADER_LENGTH_MAX].strip() or None if value else None


def _decoded_user(headers: Mapping[str, str]) -> str | None:
    encoded = headers.get(ORIGIN_USER_ENCODED)
    if not encoded:
        return None
    try:
        return _recorded(base64.b64decode(encoded, validate=True).decode())
    except ValueError:
        return None


def _without_controls(text: str) -> str:
    """Without control characters (C0, DEL, C1) and lone surrogates, which stand for bytes that are not UTF-8."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter for letter in text if not _is_control(letter))


def _is_control(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff"

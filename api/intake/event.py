"""A Chargebee event as a webhook brings it: what it is, and the commands that record what it holds.

The body is the event itself, without a wrapper. Numbers with decimals become strings, as everywhere in the ledger.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from api.json_fields import JsonText
from api.plain_json import parse_json
from api.schemas.billing import read_credit_note, read_gift, read_subscription
from api.schemas.invoice import read_invoice
from ledger.commands import RecordCreditNote, RecordGift, RecordInvoice, RecordSubscription
from ledger.errors import InvalidRequest, ParamWrongValue
from ledger.limits import (
    INTAKE_CREDIT_NOTES_MAX,
    INTAKE_EVENT_ID_LENGTH_MAX,
    INTAKE_EVENT_TYPE_LENGTH_MAX,
    PARAMETER_NAME_SHOWN_MAX,
)

Recorded = RecordInvoice | RecordCreditNote | RecordSubscription | RecordGift
_Read = Callable[[Mapping[str, Any]], Recorded]

# What an event of each type has to hold; where it may hold nothing of ours, None. All others are acknowledged only.
TAKEN_IN: Mapping[str, str | None] = {
    "invoice_generated": "invoice",
    "invoice_updated": "invoice",
    "invoice_deleted": "invoice",
    "payment_succeeded": None,
    "payment_refunded": None,
    "credit_note_created": "credit_note",
    "credit_note_updated": "credit_note",
    "credit_note_deleted": "credit_note",
    "subscription_cancelled": "subscription",
    "gift_claimed": "gift",
}
_DELETED = {"invoice_deleted": "invoice", "credit_note_deleted": "credit_note"}


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingEvent:
    """An event; ``commands`` record what it holds, the invoice first."""

    id: str
    event_type: str
    commands: tuple[Recorded, ...]


class _Token(JsonText):
    """An id or a type. They are recorded and shown, so they are plain text for everybody who reads them."""

    def check(self, value: Any) -> str:
        text = super().check(value)
        if not (text.isascii() and text.isprintable() and " " not in text):
            raise ValidationError("should hold visible ASCII characters only")
        return text


_ID = _Token(INTAKE_EVENT_ID_LENGTH_MAX, required=True)
_TYPE = _Token(INTAKE_EVENT_TYPE_LENGTH_MAX, required=True)


def parse_event(body: bytes) -> Mapping[str, Any]:
    """The members of a body.

    Raises:
        InvalidRequest: it is no JSON object.
    """
    members = parse_json(body)
    if not isinstance(members, Mapping):
        raise InvalidRequest("An event should be a JSON object")
    return members


def read_event(members: Mapping[str, Any]) -> IncomingEvent:
    """The event of these members.

    Raises:
        ParamWrongValue: ``param`` names the member that is wrong, as in ``content.invoice.line_items[2].amount``.
        InvalidRequest: what it holds is too large.
    """
    event_id, event_type = _token(members, "id", _ID), _token(members, "event_type", _TYPE)
    if event_type not in TAKEN_IN:
        return IncomingEvent(id=event_id, event_type=event_type, commands=())
    content = members.get("content")
    if not isinstance(content, Mapping):
        raise ParamWrongValue("should be an object", param="content")
    needed = TAKEN_IN[event_type]
    if needed is not None and content.get(needed) is None:
        raise ParamWrongValue("is missing", param=f"content.{needed}")
    return IncomingEvent(id=event_id, event_type=event_type, commands=tuple(_commands(event_type, content)))


def type_of(members: Mapping[str, Any]) -> str | None:
    """The type of an event that may be wrong otherwise; None where it names none."""
    event_type = members.get("event_type")
    return event_type if isinstance(event_type, str) else None


def _token(members: Mapping[str, Any], name: str, form: _Token) -> str:
    if members.get(name) is None:
        raise ParamWrongValue("is missing", param=name)
    try:
        return form.check(members[name])
    except ValidationError as error:
        raise ParamWrongValue(str(error.messages[0]), param=name) from error


def _commands(event_type: str, content: Mapping[str, Any]) -> Iterator[Recorded]:
    for name, description, read in _resources(content):
        is_gone = name == _DELETED.get(event_type)
        yield _read(name, {**description, "deleted": True} if is_gone else description, read)


def _resources(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], _Read]]:
    """What an event holds that is recorded, in the order of the recording."""
    if content.get("invoice") is not None:
        yield "invoice", _object(content["invoice"], "invoice"), read_invoice
    if content.get("credit_note") is not None:
        yield from _notes("credit_note", content["credit_note"])
    if content.get("credit_notes") is not None:
        yield from _notes("credit_notes", content["credit_notes"])
    if content.get("subscription") is not None:
        yield "subscription", _object(content["subscription"], "subscription"), read_subscription
    if content.get("gift") is not None:
        yield "gift", _object(content["gift"], "gift"), read_gift


def _notes(name: str, found: Any) -> Iterator[tuple[str, Mapping[str, Any], _Read]]:
    """One credit note, or a list of them: events differ."""
    if not isinstance(found, list):
        yield name, _object(found, name), read_credit_note
        return
    if len(found) > INTAKE_CREDIT_NOTES_MAX:
        raise ParamWrongValue(f"should not hold more than {INTAKE_CREDIT_NOTES_MAX} entries", param=f"content.{name}")
    for index, each in enumerate(found):
        place = f"{name}[{index}]"
        yield place, _object(each, place), read_credit_note


def _object(found: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ParamWrongValue("should be an object", param=f"content.{name}")
    return found


def _read(name: str, description: Mapping[str, Any], read: _Read) -> Recorded:
    try:
        return read(description)
    except InvalidRequest as error:
        inner = f".{error.param}" if error.param else ""
        raise ParamWrongValue(error.reason, param=f"content.{name}{inner}"[:PARAMETER_NAME_SHOWN_MAX]) from error

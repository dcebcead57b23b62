"""The name of a type of events, of all that Chargebee's clients know."""

from typing import Any

from marshmallow import ValidationError

from api.fields import Scalar
from projections.chargebee_events.vocabulary import KNOWN_EVENT_TYPES

_KNOWN = frozenset(KNOWN_EVENT_TYPES)


class EventTypeName(Scalar[str]):
    """A type of events, in any letter case. There are too many to name them all in a refusal."""

    wire_type = "enum"

    def read(self, text: str) -> str:
        name = text.lower() if text.isascii() else text
        if name not in _KNOWN:
            raise ValidationError("is not the name of an event type, such as order_created")
        return name

    def bounds(self) -> dict[str, Any]:
        return {"choices": KNOWN_EVENT_TYPES}

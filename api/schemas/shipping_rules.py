"""When orders ship, as an operator writes it (chargebee/order-generation.md, section 4): an object with a ``type``."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from marshmallow.fields import Field

from ledger.limits import LEAD_DAYS_MAX
from ledger.vocabulary import Weekday


class _Rule(Schema):
    class Meta:
        unknown = RAISE


class LeadTimeSchema(_Rule):
    """So many days after the order date."""

    type = fields.String(required=True)
    days = fields.Integer(strict=True, required=True, validate=validate.Range(0, LEAD_DAYS_MAX))


class DayOfWeekSchema(_Rule):
    """On a day of the week."""

    type = fields.String(required=True)
    day = fields.String(
        required=True, validate=validate.OneOf(list(Weekday), error=f"should be one of: {', '.join(Weekday)}")
    )


class DayOfMonthSchema(_Rule):
    """On a day of the month, paid until another one."""

    type = fields.String(required=True)
    day = fields.Integer(strict=True, required=True, validate=validate.Range(1, 31))
    cut_off_day = fields.Integer(strict=True, validate=validate.Range(1, 31))


_RULES: Mapping[str, Schema] = {
    "lead_time": LeadTimeSchema(),
    "day_of_week": DayOfWeekSchema(),
    "day_of_month": DayOfMonthSchema(),
}


class ShippingRuleField(Field[dict[str, Any]]):
    """One rule. Its ``type`` says which members it has."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValidationError("should be an object with a type, or null")
        chosen = value.get("type")
        rule = _RULES.get(chosen) if isinstance(chosen, str) else None
        if rule is None:
            raise ValidationError({"type": [f"should be one of: {', '.join(_RULES)}"]})
        loaded: dict[str, Any] = rule.load(value)
        return loaded

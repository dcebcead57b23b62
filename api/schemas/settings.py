"""Settings of a site as an operator writes them (chargebee/order-generation.md, section 1), checked and made plain."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates, validates_schema

from api.schemas.shipping_rules import ShippingRuleField
from ledger.commands import ChangeSettings
from ledger.errors import ParamWrongValue
from ledger.limits import (
    BUSINESS_ENTITY_ID_LENGTH_MAX,
    CATALOG_ITEMS_MAX,
    NUMBER_DIGITS_MAX,
    SETTING_LIST_MAX,
    SHIPPING_PERIOD_MAX,
)
from ledger.settings import UNPAID_STATUSES
from ledger.vocabulary import OrderNumberAssignment, PeriodUnit

_PREFIX_LENGTH_MAX = 30  # with fifteen digits a document number stays below its 50 characters
_REASON_LENGTH_MAX = 100


def _one_of(choices: Iterable[str]) -> validate.OneOf:
    values = [str(choice) for choice in choices]
    return validate.OneOf(values, error=f"should be one of: {', '.join(values)}")


def _texts(length_max: int) -> "fields.List[str]":
    return fields.List(
        fields.String(validate=validate.Length(1, length_max)), validate=validate.Length(max=SETTING_LIST_MAX)
    )


class CatalogItemSchema(Schema):
    """What the catalog says of one item price."""

    class Meta:
        unknown = RAISE

    is_shippable = fields.Boolean(truthy={True}, falsy={False})
    sku = fields.String(validate=validate.Length(1, 250))
    shipping_period = fields.Integer(strict=True, validate=validate.Range(1, SHIPPING_PERIOD_MAX))
    shipping_period_unit = fields.String(validate=_one_of(PeriodUnit))

    @validates_schema
    def keep_period_whole(self, data: dict[str, Any], **_: Any) -> None:
        """A number without its unit is no period."""
        missing = {"shipping_period", "shipping_period_unit"}.difference(data)
        if len(missing) == 1:
            raise ValidationError("is missing: a period has a length and a unit", missing.pop())


class SettingsSchema(Schema):
    """Settings to change; members that are absent stay.

    A null ``order_number_start`` ends the number series, a null ``shipping_rule`` lets orders ship on their order date.
    """

    class Meta:
        unknown = RAISE

    manual_orders_enabled = fields.Boolean(truthy={True}, falsy={False})
    order_number_prefix = fields.String(validate=validate.Length(0, _PREFIX_LENGTH_MAX))
    order_number_start = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, 10**NUMBER_DIGITS_MAX - 1)
    )
    resend_reasons = _texts(_REASON_LENGTH_MAX)
    resend_reason_mandatory = fields.Boolean(truthy={True}, falsy={False})
    include_non_shippable = fields.Boolean(truthy={True}, falsy={False})
    shippable_by_default = fields.Boolean(truthy={True}, falsy={False})
    time_zone = fields.String()
    business_entities = _texts(BUSINESS_ENTITY_ID_LENGTH_MAX)
    order_generation_enabled = fields.Boolean(truthy={True}, falsy={False})
    unpaid_statuses = fields.List(
        fields.String(validate=_one_of(sorted(UNPAID_STATUSES))), validate=validate.Length(max=len(UNPAID_STATUSES))
    )
    single_order_with_multiple_items = fields.Boolean(truthy={True}, falsy={False})
    order_number_assignment = fields.String(validate=_one_of(OrderNumberAssignment))
    shipping_rule = ShippingRuleField(allow_none=True)
    catalog = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        values=fields.Nested(CatalogItemSchema),
        validate=validate.Length(max=CATALOG_ITEMS_MAX),
    )

    @validates("time_zone")
    def know_the_zone(self, value: str, **_: Any) -> None:
        """Only names of the IANA database."""
        if value not in available_timezones():
            raise ValidationError("is not the name of a time zone, such as Europe/Berlin")

    @validates("catalog")
    def keep_keys_plain(self, value: dict[str, Any], **_: Any) -> None:
        """Canonical JSON sorts by ASCII keys."""
        if not all(key.isascii() and key.isprintable() for key in value):
            raise ValidationError("should have item price ids of printable ASCII characters")


_SETTINGS = SettingsSchema()


def read_settings(members: dict[str, Any]) -> ChangeSettings:
    """The command that changes these settings.

    Raises:
        ParamWrongValue: ``param`` names the setting that is wrong or unknown.
    """
    try:
        return ChangeSettings(settings=_SETTINGS.load(members))
    except ValidationError as error:
        raise _first_error(error.messages_dict) from error


def _first_error(messages: Any) -> ParamWrongValue:
    path: list[str] = []
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        path.append(str(key))
    if path[0] == "catalog" and len(path) > 2:
        # marshmallow tells the key of an entry from its value; an operator wrote neither word.
        del path[2]
    return ParamWrongValue(str(messages[0]), param=".".join(path))

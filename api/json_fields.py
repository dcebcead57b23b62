"""Values of a Chargebee resource as JSON holds them, as marshmallow fields: typed already, checked, kept as they are.

Unlike ``api.fields`` nothing is read from text, and a wrong type is refused rather than understood: ``"100"`` is no
amount. Data have passed ``api.plain_json``, so there are no floats and no nulls.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError
from marshmallow.fields import Field

from ledger.limits import DECIMAL_LENGTH_MAX, INTEGER_MAX

TIMESTAMP_MAX = 9_999_999_999
_decimal = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?").fullmatch


class Members(Schema):
    """An object of which some members are known. The others are kept."""

    class Meta:
        unknown = INCLUDE


class JsonField(Field[Any]):
    """One member. ``required`` members must be there."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, error_messages={"required": "is missing"})

    def check(self, value: Any) -> Any:
        """The value to keep.

        Raises:
            ValidationError: with the reason in words.
        """
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return self.check(value)


class JsonText(JsonField):
    """A string; a required one is not empty."""

    def __init__(self, max_length: int, *, required: bool = False) -> None:
        super().__init__(required=required)
        self.max_length = max_length

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("should be a string")
        if len(value) > self.max_length:
            raise ValidationError(f"should not be longer than {self.max_length} characters")
        if self.required and not value.strip():
            raise ValidationError("cannot be blank")
        return value


class JsonCurrency(JsonText):
    """An ISO 4217 code: three letters, kept in upper case."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(3, required=required)

    def check(self, value: Any) -> str:
        code = super().check(value)
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise ValidationError("should be a currency code of three letters")
        return code.upper()


class JsonChoice(JsonField):
    """A value of a closed set, kept in lower case as Chargebee writes it."""

    def __init__(self, choices: type[StrEnum], *, required: bool = False) -> None:
        super().__init__(required=required)
        self.choices = frozenset(choice.value for choice in choices)

    def check(self, value: Any) -> str:
        if not (isinstance(value, str) and value.lower() in self.choices):
            raise ValidationError(f"is not one of: {', '.join(sorted(self.choices))}")
        return value.lower()


class JsonInteger(JsonField):
    """A whole number, money in minor units unless bounds say otherwise."""

    def __init__(self, minimum: int = 0, maximum: int = INTEGER_MAX, *, required: bool = False) -> None:
        super().__init__(required=required)
        self.minimum = minimum
        self.maximum = maximum

    def check(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError("should be a whole number")
        if not self.minimum <= value <= self.maximum:
            raise ValidationError(f"should be from {self.minimum} to {self.maximum}")
        return value


class JsonTimestamp(JsonInteger):
    """Whole seconds since 1970."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(0, TIMESTAMP_MAX, required=required)


class JsonDecimal(JsonField):
    """A number with decimals, kept as its text without an exponent: ``8.875``."""

    def check(self, value: Any) -> str:
        text = str(value) if isinstance(value, int) else value
        if not isinstance(text, str) or len(text) > DECIMAL_LENGTH_MAX or not _decimal(text):
            raise ValidationError(f"should be a number of at most {DECIMAL_LENGTH_MAX} characters")
        return format(Decimal(text), "f")


class JsonBoolean(JsonField):
    """true or false."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("should be true or false")
        return value


class JsonObject(JsonField):
    """An object with known members."""

    def __init__(self, schema: type[Members], *, required: bool = False) -> None:
        super().__init__(required=required)
        self.schema = schema()

    def check(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("should be an object")
        loaded: dict[str, Any] = self.schema.load(value)
        return loaded


class JsonList(JsonField):
    """A list of objects with known members."""

    def __init__(self, schema: type[Members], length_max: int, *, required: bool = False) -> None:
        super().__init__(required=required)
        self.each = JsonObject(schema)
        self.length_max = length_max

    def check(self, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list):
            raise ValidationError("should be a list")
        if len(value) > self.length_max:
            raise ValidationError(f"should not hold more than {self.length_max} entries")
        return [self._entry(index, entry) for index, entry in enumerate(value)]

    def _entry(self, index: int, entry: Any) -> dict[str, Any]:
        try:
            return self.each.check(entry)
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from error

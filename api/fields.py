"""One value of a form: the types of Chargebee's parameters as marshmallow fields that read text.

Rules of chargebee/conventions.md, section 4. An empty value of a required parameter is refused as blank; of an
optional one it clears the attribute (None), and where there is nothing to clear - an order always has a status, a
boolean and an amount always have a value - it counts as not given [decided: SDKs send None so, and mean it].
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from marshmallow import ValidationError, missing
from marshmallow.fields import Field

from api.parameters import Bracket, Parameter
from ledger.countries import country_codes
from ledger.limits import INTEGER_MAX

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

BLANK = "cannot be blank"
_TIMESTAMP_DIGITS_MAX = 10
_INTEGER_DIGITS_MAX = len(str(INTEGER_MAX))


class WireField(Field[T], Generic[T]):
    """A field that reads what the forms give and can say which parameters it stands for."""

    def __init__(self, *, required: bool = False, load_default: Any = missing) -> None:
        super().__init__(required=required, load_default=load_default, error_messages={"required": BLANK})

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        """The parameters of the field under its name in the request."""
        raise NotImplementedError

    def _validate(self, value: Any) -> None:
        """Nothing is left to check after reading; the inherited loop over no validators costs a microsecond."""


class Scalar(WireField[T], Generic[T]):
    """A single value.

    Args:
        clearable: whether an empty value gives None; otherwise it counts as not given.
    """

    wire_type: ClassVar[str]

    def __init__(self, *, required: bool = False, clearable: bool = True) -> None:
        super().__init__(required=required)
        self.clearable = clearable

    def read(self, text: str) -> T:
        """The value of a text that is not empty.

        Raises:
            ValidationError: with the reason in words.
        """
        raise NotImplementedError

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return (self.parameter(name),)

    def parameter(self, name: str, bracket: Bracket = Bracket.FLAT, *, required: bool | None = None) -> Parameter:
        """What the field says of itself, under another name or in brackets where it is part of something."""
        is_required = self.required if required is None else required
        return Parameter(name=name, type=self.wire_type, required=is_required, bracket=bracket, **self.bounds())

    def bounds(self) -> dict[str, Any]:
        """The members of ``Parameter`` that this type adds."""
        return {}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if value and not (self.required and value.isspace()):
            return self.read(value)
        if self.required:
            raise ValidationError(BLANK)
        return None if self.clearable else missing


class Text(Scalar[str]):
    """A string, kept as it is, blanks included; ``max_length`` in characters."""

    wire_type = "string"

    def __init__(self, max_length: int | None = None, *, required: bool = False, clearable: bool = True) -> None:
        super().__init__(required=required, clearable=clearable)
        self.max_length = max_length

    def read(self, text: str) -> str:
        if self.max_length is not None and len(text) > self.max_length:
            raise ValidationError(f"should not be longer than {self.max_length} characters")
        return text

    def bounds(self) -> dict[str, Any]:
        return {"max_length": self.max_length}


class Email(Text):
    """A mail address, checked as loosely as Chargebee does: something, an at sign, something; no blanks."""

    def read(self, text: str) -> str:
        local, _, domain = super().read(text).rpartition("@")
        if not local or not domain or any(letter.isspace() or letter < " " for letter in text):
            raise ValidationError("is not a mail address")
        return text

    def bounds(self) -> dict[str, Any]:
        return super().bounds() | {"format": "email"}


class Country(Text):
    """An ISO 3166-1 alpha-2 code or ``XI``, in any letter case; read in upper case."""

    def read(self, text: str) -> str:
        code = super().read(text).upper()
        # Letters outside ASCII may have one of these as their capital: a dotless i has I.
        if not text.isascii() or code not in country_codes():
            raise ValidationError("is not an ISO 3166-1 alpha-2 country code")
        return code


class Choice(Scalar[E], Generic[E]):
    """A value of a closed set, in any letter case; ``among`` narrows the set."""

    wire_type = "enum"

    def __init__(
        self, choices: type[E], among: Iterable[E] | None = None, *, required: bool = False, clearable: bool = True
    ) -> None:
        super().__init__(required=required, clearable=clearable)
        allowed = choices if among is None else frozenset(among)
        self.choices = {choice.value: choice for choice in choices if choice in allowed}

    def read(self, text: str) -> E:
        choice = self.choices.get(text)
        if choice is None and text.isascii():
            choice = self.choices.get(text.lower())
        if choice is None:
            raise ValidationError(f"is not one of: {', '.join(self.choices)}")
        return choice

    def bounds(self) -> dict[str, Any]:
        return {"choices": tuple(self.choices)}


class Boolean(Scalar[bool]):
    """``true`` or ``false``, in any letter case."""

    wire_type = "boolean"

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(required=required, clearable=False)

    def read(self, text: str) -> bool:
        match text.lower():
            case "true":
                return True
            case "false":
                return False
        raise ValidationError("should be true or false")


class Integer(Scalar[int]):
    """Digits and nothing else: no sign, decimals, exponent or blanks."""

    wire_type = "integer"
    expected = "a whole number"

    def __init__(self, minimum: int = 0, maximum: int = INTEGER_MAX, *, required: bool = False) -> None:
        super().__init__(required=required, clearable=False)
        self.minimum = minimum
        self.maximum = maximum

    def read(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValidationError(f"should be {self.expected}, in digits only")
        if len(text) > _INTEGER_DIGITS_MAX and len(text.lstrip("0")) > _INTEGER_DIGITS_MAX:
            raise ValidationError(f"should not be above {self.maximum}")
        number = int(text[-_INTEGER_DIGITS_MAX:])
        if not self.minimum <= number <= self.maximum:
            raise ValidationError(f"should be from {self.minimum} to {self.maximum}")
        return number

    def bounds(self) -> dict[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}


class Money(Integer):
    """An amount in the minor unit of the currency."""

    wire_type = "money"
    expected = "an amount in the minor unit of the currency"


class Timestamp(Scalar[int]):
    """Whole seconds since 1970, UTC. More than ten digits are milliseconds by mistake."""

    wire_type = "timestamp"

    def read(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise ValidationError("should be a time in whole seconds since 1970, in digits only")
        if len(text) > _TIMESTAMP_DIGITS_MAX:
            raise ValidationError(f"should be a time in seconds, not more than {_TIMESTAMP_DIGITS_MAX} digits")
        return int(text)

"""Filters and sort of a list: ``field[operator]=value`` (chargebee/conventions.md, section 8).

An operator that its field does not have is refused; a field that is not filtered by is unknown and ignored. An empty
value is refused, not ignored as elsewhere: a filter that silently vanishes gives the wrong list [decided].
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from api.fields import BLANK, Boolean, Scalar, Text, Timestamp, WireField
from api.parameters import Bracket, Parameter
from api.schemas.list_values import read_list
from projections.listing import Filter, Operator, Sort

EQUALITY = (Operator.IS, Operator.IS_NOT)
TEXT_OPERATORS = (*EQUALITY, Operator.STARTS_WITH)
SET_OPERATORS = (Operator.IN, Operator.NOT_IN)
TIME_OPERATORS = (Operator.AFTER, Operator.BEFORE, Operator.ON, Operator.BETWEEN)


class FilterField(WireField[tuple[Filter, ...]]):
    """The filters of one field. Values are read by ``of``; those of ``on`` are the one second that was sent."""

    def __init__(self, of: Scalar[Any], *operators: Operator) -> None:
        super().__init__()
        self.of = of
        self.operators = operators

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return tuple(self.of.parameter(f"{name}[{operator}]", Bracket.FILTER) for operator in self.operators)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return tuple(self._filter(str(attr), operator, text) for operator, text in sorted(value.items()))

    def _filter(self, name: str, operator: str, text: str) -> Filter:
        if operator not in self.operators:
            raise ValidationError({operator: [f"is not an operator of this filter: {', '.join(self.operators)}"]})
        try:
            return Filter(name, Operator(operator), self._values(Operator(operator), text))
        except ValidationError as error:
            raise ValidationError({operator: error.messages}) from error

    def _values(self, operator: Operator, text: str) -> tuple[Any, ...]:
        if not text:
            raise ValidationError(BLANK)
        if operator is Operator.BETWEEN:
            return self._range(text)
        if operator in SET_OPERATORS:
            return tuple(dict.fromkeys(self.of.read(value) for value in read_list(text)))
        return (self.of.read(text),)

    def _range(self, text: str) -> tuple[Any, ...]:
        values = tuple(self.of.read(value) for value in read_list(text))
        if len(values) != 2:
            raise ValidationError("should hold two values, the first and the last")
        if values[0] > values[1]:
            raise ValidationError("should have the lower value first")
        return values


class TextFilter(FilterField):
    """Strings compare exactly, in their letter case. A value longer than the field's own is one nothing matches."""

    def __init__(self, *operators: Operator) -> None:
        super().__init__(Text(), *operators)


class TimestampFilter(FilterField):
    """Times in seconds."""

    def __init__(self) -> None:
        super().__init__(Timestamp(), *TIME_OPERATORS)


class BooleanFilter(FilterField):
    """``is`` true or false."""

    def __init__(self) -> None:
        super().__init__(Boolean(), Operator.IS)


class SortField(WireField[Sort]):
    """``sort_by[asc]`` or ``sort_by[desc]``, one of them, with one of these attributes."""

    directions: ClassVar[dict[str, bool]] = {"asc": False, "desc": True}

    def __init__(self, *attributes: str) -> None:
        super().__init__()
        self.attributes = attributes

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(name=f"{name}[{direction}]", type="enum", choices=self.attributes, bracket=Bracket.FILTER)
            for direction in self.directions
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        for direction, attribute in value.items():
            if direction not in self.directions:
                raise ValidationError({direction: ["is not a direction: asc, desc"]})
            if attribute not in self.attributes:
                raise ValidationError({direction: [f"is not one of: {', '.join(self.attributes)}"]})
        if len(value) > 1:
            raise ValidationError({"desc": ["cannot be given together with asc"]})
        direction, attribute = next(iter(value.items()))
        return Sort(attribute, self.directions[direction])


def with_days(filters: tuple[Filter, ...], zone: ZoneInfo) -> tuple[Filter, ...]:
    """The same filters, where ``on`` holds the first and last second of the calendar day in the zone."""
    return tuple(
        Filter(found.field, found.operator, day_of(cast("int", found.values[0]), zone))
        if found.operator is Operator.ON
        else found
        for found in filters
    )


def day_of(second: int, zone: ZoneInfo) -> tuple[int, int]:
    """First and last second of the calendar day that holds this second; a day may have 23 or 25 hours."""
    day = datetime.fromtimestamp(second, zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone) - 1


def _midnight(day: date, zone: ZoneInfo) -> int:
    # Where the clock jumps at midnight, this is the jump; where midnight comes twice, the first one.
    return int(datetime.combine(day, time(), zone).timestamp())

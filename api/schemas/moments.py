"""Moments in the past as parameters: ``as_of[version]``, ``as_of[time]`` or ``as_of[position]``, one of them.

Nothing is guessed: an unknown member, an empty value or two moments at once are refused, because the present answer
to a question about the past would look right.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from marshmallow import ValidationError

from api.fields import BLANK, Integer, Scalar, Text, Timestamp, WireField
from api.parameters import Bracket, Parameter
from ledger.limits import TIME_TEXT_LENGTH_MAX
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment

T = TypeVar("T")

_NOT_A_TIME = "should be seconds since 1970, or RFC 3339 with Z or an offset (in a query, + is written %2B)"


class MembersField(WireField[T], Generic[T]):
    """``name[member]`` with members that are all known and never empty."""

    members: Mapping[str, Scalar[Any]]

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return tuple(field.parameter(f"{name}[{member}]", Bracket.FILTER) for member, field in self.members.items())

    def texts(self, value: Mapping[str, str]) -> dict[str, Any]:
        """The values by member, each as its field reads it, in the order of the members."""
        for member, text in value.items():
            if member not in self.members:
                raise ValidationError({member: [f"is not one of: {', '.join(self.members)}"]})
            if not text:
                raise ValidationError({member: [BLANK]})
        return {member: self._read(member, value[member]) for member in self.members if member in value}

    def _read(self, member: str, text: str) -> Any:
        try:
            return self.members[member].read(text)
        except ValidationError as error:
            raise ValidationError({member: error.messages}) from error


class TimeText(Text):
    """Seconds since 1970, which stand for their whole second, or an exact instant in RFC 3339."""

    def __init__(self) -> None:
        super().__init__(TIME_TEXT_LENGTH_MAX)

    def moment(self, text: str, param: str) -> AtTime:
        """The moment of a text.

        Raises:
            ValidationError: not a time.
        """
        if text.isascii() and text.isdigit():
            return AtTime.second(Timestamp().read(text), param=param)
        try:
            return AtTime.instant(text, param=param)
        except ValueError:
            raise ValidationError(_NOT_A_TIME) from None


class MomentField(MembersField[Moment]):
    """One moment. Each has the name of its parameter, for refusals that come later."""

    time = TimeText()
    members: Mapping[str, Scalar[Any]] = {"version": Integer(1), "time": time, "position": Integer(1)}

    def moment(self, name: str, values: Mapping[str, Any]) -> Moment:
        """The moment of these values, which are one."""
        (member, value), *more = values.items()
        if more:
            raise ValidationError({more[0][0]: [f"cannot be given together with {member}"]})
        param = f"{name}[{member}]"
        match member:
            case "version":
                return AtVersion(version=value, param=param)
            case "position":
                return AtPosition(position=value, param=param)
        try:
            return self.time.moment(value, param)
        except ValidationError as error:
            raise ValidationError({member: error.messages}) from error

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return self.moment(str(attr), self.texts(value))

"""Values that belong together in a form: groups, lists of objects, lists of values, and what the caller gives.

A list entry that is wrong is reported by its number in the request: messages are keyed by the index, and
``api.schemas.operation`` turns them into ``order_line_items[id][3]``.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from marshmallow import Schema, ValidationError, missing

from api.fields import Scalar, WireField
from api.parameters import Bracket, Parameter
from ledger.errors import ResourceNotFound

T = TypeVar("T")


class Group(WireField[T], Generic[T]):
    """``name[member]``: the members that were given, as ``into`` makes them one value; None when there are none.

    The group itself is never required; its required members are, also when nothing of it was given.
    """

    def __init__(self, schema: type[Schema], into: Callable[..., T]) -> None:
        self.schema = schema()
        self.into = into
        needed = any(field.required for field in self.schema.fields.values())
        super().__init__(load_default=self._load_nothing if needed else missing)

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return tuple(
            field.parameter(f"{name}[{member}]", Bracket.NESTED) for member, field in scalars_of(self.schema).items()
        )

    def _load_nothing(self) -> T | None:
        return self._load({})

    def _load(self, members: Mapping[str, str]) -> T | None:
        loaded = self.schema.load(members)
        return self.into(**loaded) if loaded else None

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return self._load(value)


class Entries(WireField[tuple[T, ...]], Generic[T]):
    """``name[member][index]``: objects, as ``into`` makes them from the index and the members.

    A required member is required of each entry, not of the request.
    """

    def __init__(self, schema: type[Schema], into: Callable[..., T]) -> None:
        super().__init__()
        self.schema = schema()
        self.into = into

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return tuple(
            field.parameter(f"{name}[{member}]", Bracket.INDEXED_LIST, required=False)
            for member, field in scalars_of(self.schema).items()
        )

    def _entry(self, index: int, members: Mapping[str, str]) -> T:
        try:
            return self.into(index=index, **self.schema.load(members))
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from error

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return tuple(self._entry(index, members) for index, members in value.items())


class Values(WireField[tuple[T, ...]], Generic[T]):
    """``name[index]``: plain values. A single empty one, as the SDKs write an empty list, is the empty list."""

    def __init__(self, each: Scalar[T]) -> None:
        super().__init__()
        self.each = each

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return (self.each.parameter(name, Bracket.INDEXED_LIST),)

    def _value(self, index: int, text: str) -> T:
        try:
            return self.each.deserialize(text)
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from error

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if list(value.values()) == [""]:
            return ()
        return tuple(self._value(index, text) for index, text in value.items())


class Given(WireField[Any]):
    """What the caller gives beside the form, such as the site's time zone. The form cannot name it."""

    def parameters(self, name: str) -> tuple[Parameter, ...]:
        return ()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        return value


class PathId(Given):
    """An id from the path, as the caller decoded it. An id that no resource can have is not found."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not 0 < len(value) <= self.max_length or "\0" in value or not _is_encodable(value):
            raise ResourceNotFound
        return value


def scalars_of(schema: Schema) -> dict[str, Scalar[Any]]:
    """The single values of a schema, by name."""
    return {name: field for name, field in schema.fields.items() if isinstance(field, Scalar)}


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

"""The base of every operation's schema: from nested data to a command, and from marshmallow's errors to ours.

All errors that marshmallow collects come down to one, the first in the order of the schema's fields, named as the
request named it: ``credit_note[total]``, ``order_line_items[id][3]``.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, cast

from marshmallow import EXCLUDE, Schema, ValidationError, post_load

from api.fields import BLANK, WireField
from api.nesting import Nested, Shape, nest
from api.parameters import Parameter, shape_of
from ledger.errors import ParamRequired, ParamWrongValue
from ledger.limits import PARAMETER_NAME_SHOWN_MAX

C = TypeVar("C")


class ParameterSchema(Schema):
    """Parameters that belong together. Unknown ones are ignored."""

    class Meta:
        unknown = EXCLUDE


class OperationSchema(ParameterSchema, Generic[C]):
    """The parameters of one operation. A subclass says in ``build`` what they make."""

    def __init__(self) -> None:
        super().__init__()
        self.parameters: tuple[Parameter, ...] = tuple(
            parameter
            for name, field in self.fields.items()
            if isinstance(field, WireField)
            for parameter in field.parameters(name)
        )
        self.shape: Shape = shape_of(self.parameters)

    def read(self, pairs: list[tuple[str, str]], **given: object) -> C:
        """What the pairs of a request ask for.

        Args:
            given: what is not in the form: ids of the path, the site's time zone; by the name of their field.

        Raises:
            ParamWrongValue: the first parameter that is wrong; ``ParamRequired`` when it is missing or blank.
            ResourceNotFound: an id of the path that no resource can have.
        """
        return self.load_nested(nest(pairs, self.shape), **given)

    def load_nested(self, data: Nested, **given: object) -> C:
        """As ``read``, from data that are nested already."""
        try:
            return cast("C", self.load({**data, **given}))
        except ValidationError as error:
            raise _first_error(error.messages) from error

    @post_load
    def make(self, members: dict[str, Any], **_: Any) -> C:
        """Called by marshmallow with the members that were given."""
        return self.build(members)

    def build(self, members: dict[str, Any]) -> C:
        """The command or query of these members."""
        raise NotImplementedError


def _first_error(messages: Any) -> ParamWrongValue:
    path: list[str | int] = []
    while isinstance(messages, Mapping):
        key, messages = next(iter(messages.items()))
        path.append(key)
    reason = str(messages[0])
    error = ParamRequired if reason == BLANK else ParamWrongValue
    return error(reason, param=_name(path))


def _name(path: list[str | int]) -> str:
    """The name in the request, where the index stands behind the member."""
    root, *rest = path
    members = [key for key in rest if isinstance(key, str)]
    indexes = [key for key in rest if isinstance(key, int)]
    name = f"{root}{''.join(f'[{key}]' for key in (*members, *indexes))}"
    return name[:PARAMETER_NAME_SHOWN_MAX]

"""Chargebee's description of a resource, as a file or a webhook brings it: what the ledger reads of it is checked,
the rest is kept, and the whole has a canonical form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from marshmallow import ValidationError

from api.json_fields import Members
from api.plain_json import Path, name_of, parse_json, plain_object
from ledger.errors import InvalidRequest, ParamWrongValue


@dataclass(frozen=True, slots=True)
class Description:
    """How the description of one kind of resource is read.

    Args:
        name: of the resource, as the member that may wrap it: ``credit_note``.
        article: of the name in a sentence.
        schema: of the members that are checked.
        read_facts: what the ledger reads of it, whose errors are told too.
        bytes_max: of the text, and of the description in plain form.
    """

    name: str
    article: str
    schema: Members
    read_facts: Callable[[dict[str, Any]], object]
    bytes_max: int

    def read(self, raw: bytes | Mapping[str, Any]) -> dict[str, Any]:
        """The description in plain form: decimals as text, no nulls, no floats.

        Args:
            raw: JSON text, or the parsed object; the resource itself or wrapped as in ``{"invoice": {...}}``. Floats
                of a parsed object become their shortest text, so text keeps more of what Chargebee wrote.

        Raises:
            ParamWrongValue: ``param`` names the member that is wrong, as in ``line_items[2].amount``.
            InvalidRequest: no JSON object, or too large.
        """
        description = self._checked(plain_object(self._unwrapped(self._parsed(raw))))
        self._refuse_larger(len(msgspec.json.encode(description)))
        return description

    def _parsed(self, raw: bytes | Mapping[str, Any]) -> Any:
        if not isinstance(raw, bytes):
            return raw
        self._refuse_larger(len(raw))
        return parse_json(raw)

    def _refuse_larger(self, size: int) -> None:
        if size > self.bytes_max:
            raise InvalidRequest(f"{self._one.capitalize()} should not be larger than {self.bytes_max} bytes")

    def _unwrapped(self, found: Any) -> Mapping[str, Any]:
        if isinstance(found, Mapping) and "id" not in found and isinstance(found.get(self.name), Mapping):
            found = found[self.name]
        if not isinstance(found, Mapping):
            raise InvalidRequest(f"{self._one.capitalize()} should be a JSON object")
        return found

    def _checked(self, description: dict[str, Any]) -> dict[str, Any]:
        try:
            loaded: dict[str, Any] = self.schema.load(description)
            self.read_facts(loaded)
        except ValidationError as error:
            raise _first_error(error.messages) from error
        except msgspec.ValidationError as error:
            raise InvalidRequest(f"The {self._words} cannot be read: {error}") from error
        return loaded

    @property
    def _words(self) -> str:
        return self.name.replace("_", " ")

    @property
    def _one(self) -> str:
        return f"{self.article} {self._words}"


def _first_error(messages: Any) -> ParamWrongValue:
    path: Path = ()
    while isinstance(messages, Mapping):
        key, messages = next(iter(messages.items()))
        path = (*path, key)
    return ParamWrongValue(str(messages[0]), param=name_of(path))

"""A JSON body as the form it stands for: the same names in brackets, the same values in text.

``{"order_line_items": [{"id": "x"}]}`` and ``{"order_line_items": {"id": ["x"]}}`` both become
``order_line_items[id][0]=x``. Numbers keep the digits they were written with, null is the empty value.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ledger.errors import InvalidRequest
from ledger.limits import JSON_DEPTH_MAX, JSON_MEMBER_LENGTH_MAX, REQUEST_FIELDS_MAX


def read_json(text: str) -> list[tuple[str, str]]:
    """The pairs of a JSON object.

    Raises:
        InvalidRequest: not JSON, not an object, nested too deep, or too many values.
    """
    members = _parse(text)
    if not isinstance(members, dict):
        raise InvalidRequest("The JSON body of the request should be an object")
    pairs = list(islice(_flatten(members), REQUEST_FIELDS_MAX + 1))
    if len(pairs) > REQUEST_FIELDS_MAX:
        raise InvalidRequest(f"The request should not hold more than {REQUEST_FIELDS_MAX} parameters")
    return pairs


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidRequest(_TOO_DEEP) from None
    except ValueError:
        raise InvalidRequest("The body of the request should be valid JSON") from None


_TOO_DEEP = f"The JSON body of the request should not be nested deeper than {JSON_DEPTH_MAX} levels"


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _flatten(members: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for member, value in members.items():
        if len(member) <= JSON_MEMBER_LENGTH_MAX:
            yield from _flatten_value(_encodable(member), (), value)


def _flatten_value(name: str, indexes: tuple[int, ...], value: Any) -> Iterator[tuple[str, str]]:
    """The pairs below one value. The index of a list stands behind the member, however the body nests them."""
    if name.count("[") + len(indexes) > JSON_DEPTH_MAX:
        raise InvalidRequest(_TOO_DEEP)
    if isinstance(value, dict):
        for member, inner in value.items():
            if len(member) <= JSON_MEMBER_LENGTH_MAX:
                yield from _flatten_value(f"{name}[{_encodable(member)}]", indexes, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flatten_value(name, (*indexes, index), inner)
    else:
        yield name + "".join(f"[{index}]" for index in indexes), _text_of(value)


def _text_of(value: str | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _encodable(value)


def _encodable(text: str) -> str:
    r"""JSON can spell half of a surrogate pair (``\ud800``), which is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest("The JSON body of the request holds half of a surrogate pair") from None
    return text

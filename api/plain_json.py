"""JSON from outside as data that has a canonical form: no floats, no nulls, bounded integers and depth, ASCII keys.

What is written with decimals becomes the text it was written with (a float has no canonical form), members that are
null are left out, and anything that cannot be kept exactly is refused, never rounded.
"""

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ledger.errors import InvalidRequest, ParamWrongValue
from ledger.limits import INTEGER_MAX, JSON_DEPTH_MAX, PARAMETER_NAME_SHOWN_MAX

Path = tuple[str | int, ...]

# Longer texts of digits are beyond every bound; they are not turned into numbers, which takes quadratic time.
_INTEGER_TEXT_MAX = 20


def parse_json(raw: bytes) -> Any:
    """The data of a JSON text in UTF-8; numbers with decimals or exponents are strings.

    Raises:
        InvalidRequest: not UTF-8, not JSON, or nested far too deep to be read.
    """
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_int=_integer, parse_float=str, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidRequest("The JSON text should not be nested so deep") from None
    except ValueError:
        raise InvalidRequest("The JSON text should be valid and in UTF-8") from None


def plain_object(members: Mapping[Any, Any]) -> dict[str, Any]:
    """The members in plain form; the input is not changed.

    Raises:
        ParamWrongValue: a value without a canonical form; ``param`` names it, as in ``line_items[2].amount``.
    """
    return dict(_plain_members(members, ()))


def name_of(path: Path) -> str:
    """``line_items[2].amount``"""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in path]
    return "".join(parts).removeprefix(".")[:PARAMETER_NAME_SHOWN_MAX]


def _integer(text: str) -> int:
    return int(text[:_INTEGER_TEXT_MAX])


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _plain_members(members: Mapping[Any, Any], path: Path) -> Iterator[tuple[str, Any]]:
    if len(path) >= JSON_DEPTH_MAX:
        raise _wrong(path, f"should not be nested deeper than {JSON_DEPTH_MAX} levels")
    for key, value in members.items():
        if not (isinstance(key, str) and key.isascii()):
            raise _wrong(path, "should have names in ASCII only")
        if value is not None:
            yield _plain_text(key, path), _plain(value, (*path, key))


def _plain_items(items: list[Any] | tuple[Any, ...], path: Path) -> Iterator[Any]:
    if len(path) >= JSON_DEPTH_MAX:
        raise _wrong(path, f"should not be nested deeper than {JSON_DEPTH_MAX} levels")
    for index, value in enumerate(items):
        yield None if value is None else _plain(value, (*path, index))


def _plain(value: Any, path: Path) -> Any:
    match value:
        case bool():
            return value
        case str():
            return _plain_text(value, path)
        case int():
            return _plain_integer(value, path)
        case float() | Decimal():
            return _plain_decimal(value, path)
        case Mapping():
            return dict(_plain_members(value, path))
        case list() | tuple():
            return list(_plain_items(value, path))
    raise _wrong(path, "is no JSON value")


def _plain_text(text: str, path: Path) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _wrong(path, "holds half of a surrogate pair") from None
    if "\0" in text:
        raise _wrong(path, "should not hold a NUL character")
    return str(text)


def _plain_integer(number: int, path: Path) -> int:
    if not -INTEGER_MAX <= number <= INTEGER_MAX:
        raise _wrong(path, f"should be from -{INTEGER_MAX} to {INTEGER_MAX}")
    return int(number)


def _plain_decimal(number: float | Decimal, path: Path) -> str:
    if not math.isfinite(number):
        raise _wrong(path, "should be a finite number")
    return repr(number) if isinstance(number, float) else str(number)


def _wrong(path: Path, reason: str) -> ParamWrongValue:
    return ParamWrongValue(reason, param=name_of(path) or None)

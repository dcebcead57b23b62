"""A list in one parameter, in every spelling that clients send (chargebee/conventions.md, section 8).

| Sender | Spelling |
|---|---|
| Node and most others: JSON | ``["queued","shipped"]``, ``[1517000000,1518000000]`` |
| Python: the text of a list | ``['queued', 'shipped']``, and ``["it's", 'b']`` where a value holds a quote |
| without quotes | ``[queued,shipped]`` |

A value in quotes may hold anything, with the escapes of JSON and of Python; one without quotes ends at the next comma.
"""

import re

from marshmallow import ValidationError

from ledger.limits import FILTER_VALUES_MAX

_EXPECTED = 'should be a list in brackets, such as ["a","b"]'
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {sign: sign for sign in "\"'\\/"}

_quoted = re.compile(r"""\s*(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|'([^'\\]*+(?:\\.[^'\\]*+)*+)')\s*""", re.DOTALL)
_bare = re.compile(r"""\s*([^\s,"'\[{][^,]*)""")
_escape = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)


def read_list(text: str) -> tuple[str, ...]:
    """The values, at least one, in their order.

    Raises:
        ValidationError: not a list, empty, or too long.
    """
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")) or len(text) < 2:
        raise ValidationError(_EXPECTED)
    values = _read_values(text[1:-1].strip())
    if not values:
        raise ValidationError("should hold at least one value")
    return tuple(values)


def _read_values(text: str) -> list[str]:
    values: list[str] = []
    place = 0
    while text:
        if len(values) == FILTER_VALUES_MAX:
            raise ValidationError(f"should not hold more than {FILTER_VALUES_MAX} values")
        value, place = _read_value(text, place)
        values.append(value)
        if place == len(text):
            break
        if text[place] != ",":
            raise ValidationError(_EXPECTED)
        place += 1
    return values


def _read_value(text: str, place: int) -> tuple[str, int]:
    """The value at this place, and the place behind it."""
    if found := _quoted.match(text, place):
        return _unescape(found[1] if found[1] is not None else found[2]), found.end()
    if found := _bare.match(text, place):
        return found[1].rstrip(), found.end()
    raise ValidationError(_EXPECTED)


def _unescape(text: str) -> str:
    if "\\" in text:
        return _join_surrogates(_escape.sub(_character, text))
    return text


def _character(found: re.Match[str]) -> str:
    if found[4] in _ESCAPES:
        return _ESCAPES[found[4]]
    code = int(found[1] or found[2] or found[3] or "0", 16)
    if not 0 < code <= 0x10FFFF:
        raise ValidationError("holds an escape that stands for no character")
    return chr(code)


def _join_surrogates(text: str) -> str:
    r"""JSON writes characters beyond U+FFFF as two escapes (``\ud83d\ude00``)."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValidationError("holds half of a surrogate pair") from None

"""The JSON Schema of one parameter: types, bounds, enums and formats as its field declares them."""

from typing import Any

from api.json_fields import TIMESTAMP_MAX
from api.parameters import Bracket, Parameter
from ledger.limits import FILTER_VALUES_MAX, PAGE_LIMIT_DEFAULT
from projections.listing import Operator

Json = dict[str, Any]

UNIX_TIME: Json = {"type": "integer", "format": "unix-time", "minimum": 0}
WHOLE_NUMBER: Json = {"type": "integer", "format": "int64", "minimum": 0}

_TYPES: dict[str, Json] = {
    "string": {"type": "string"},
    "enum": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": WHOLE_NUMBER,
    "money": WHOLE_NUMBER,
    "timestamp": {**UNIX_TIME, "maximum": TIMESTAMP_MAX},
}

# What the types of parameters do not say: more than the length of a country code, and what counts where nothing is
# sent.
_PATTERNS = {"country": "^[A-Za-z]{2}$"}
_DEFAULTS: Json = {
    "limit": PAGE_LIMIT_DEFAULT,
    "include_deleted": False,
    "include_requests": False,
    "exclude_deleted_credit_notes": False,
}

_NOT_BLANK: Json = {"minLength": 1, "pattern": r"\S"}


def value_schema(parameter: Parameter) -> Json:
    """The schema of a single value."""
    schema = dict(_TYPES[parameter.type])
    if parameter.type == "string" and parameter.required:
        schema |= _NOT_BLANK
    bounds = {
        "maxLength": parameter.max_length,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "format": parameter.format,
        "enum": list(parameter.choices) or None,
        "pattern": _PATTERNS.get(parameter.member),
    }
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    return schema


def query_schema(parameter: Parameter) -> Json:
    """The schema of a parameter in a query; an empty filter is refused."""
    schema = value_schema(parameter)
    if parameter.name in _DEFAULTS:
        schema["default"] = _DEFAULTS[parameter.name]
    if parameter.bracket is Bracket.FILTER and parameter.type == "string":
        schema["minLength"] = 1
    return schema


def list_schema(parameter: Parameter) -> Json | None:
    """The schema of a filter that holds a list, None where it holds a single value."""
    if parameter.bracket is not Bracket.FILTER:
        return None
    match parameter.member:
        case Operator.BETWEEN:
            return _array(parameter, minimum=2, maximum=2)
        case Operator.IN | Operator.NOT_IN:
            return _array(parameter, minimum=1, maximum=FILTER_VALUES_MAX)
    return None


def _array(parameter: Parameter, *, minimum: int, maximum: int) -> Json:
    return {"type": "array", "items": query_schema(parameter), "minItems": minimum, "maxItems": maximum}

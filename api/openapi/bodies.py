"""The body of a POST, described twice: as a form with bracketed names, and as JSON of the same nesting.

``order_line_items[id]`` is described in both spellings of a list: repeated (an array) and indexed (a pattern).
"""

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import Schema

from api.field_groups import Entries, Given, Group, Values, scalars_of
from api.fields import Scalar
from api.openapi.texts import named_words, parameter_words
from api.openapi.values import Json, value_schema
from api.parameters import Bracket, Parameter
from api.schemas.operation import OperationSchema
from ledger.limits import PARAMETER_INDEX_MAX

_INDEX = rf"\[[0-9]{{1,{len(str(PARAMETER_INDEX_MAX))}}}\]"


def form_schema(operation: str, parameters: Iterable[Parameter]) -> Json:
    """The form of an operation: an object whose properties are the names as they are sent."""
    properties: Json = {}
    patterns: Json = {}
    required = []
    for parameter in parameters:
        each = value_schema(parameter) | parameter_words(operation, parameter)
        if parameter.bracket is Bracket.INDEXED_LIST:
            patterns[f"^{re.escape(parameter.name)}{_INDEX}$"] = each
            properties[parameter.name] = _repeated(each)
        else:
            properties[parameter.name] = each
        if parameter.required:
            required.append(parameter.name)
    return _object(properties, required) | ({"patternProperties": patterns} if patterns else {})


def form_encoding(parameters: Iterable[Parameter]) -> Json:
    """How the arrays of the form are written: the name repeated for each value."""
    lists = [parameter.name for parameter in parameters if parameter.bracket is Bracket.INDEXED_LIST]
    return {name: {"style": "form", "explode": True} for name in lists}


def json_schema(operation: str, schema: OperationSchema[Any]) -> Json:
    """The JSON object of an operation. A null clears what can be cleared."""
    fields = {name: field for name, field in schema.fields.items() if not isinstance(field, Given)}
    properties = {name: _field_schema(operation, name, field) for name, field in fields.items()}
    return _object(properties, [name for name, field in fields.items() if _is_required(field)])


def _is_required(field: Any) -> bool:
    if isinstance(field, Group):
        return any(member.required for member in field.schema.fields.values())
    return bool(field.required)


def _field_schema(operation: str, name: str, field: Any) -> Json:
    match field:
        case Group():
            return _members_schema(operation, name, field.schema, Bracket.NESTED) | named_words(operation, name)
        case Entries():
            entry = _members_schema(operation, name, field.schema, Bracket.INDEXED_LIST)
            return {"type": "array", "items": entry, "maxItems": PARAMETER_INDEX_MAX + 1} | named_words(operation, name)
        case Values():
            values = _scalar_schema(operation, field.each.parameter(name), field.each)
            return {"type": "array", "items": values} | named_words(operation, name)
        case Scalar():
            return _scalar_schema(operation, field.parameter(name), field)
    return named_words(operation, name)


def _members_schema(operation: str, name: str, schema: Schema, bracket: Bracket) -> Json:
    members = scalars_of(schema)
    properties = {
        member: _scalar_schema(operation, field.parameter(f"{name}[{member}]", bracket), field)
        for member, field in members.items()
    }
    return _object(properties, [member for member, field in members.items() if field.required])


def _scalar_schema(operation: str, parameter: Parameter, field: Scalar[Any]) -> Json:
    schema = value_schema(parameter)
    if field.clearable and not field.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema | parameter_words(operation, parameter)


def _repeated(each: Json) -> Json:
    words = {name: text for name, text in each.items() if name == "description"}
    items = {name: value for name, value in each.items() if name not in words}
    return {"type": "array", "items": items, "maxItems": PARAMETER_INDEX_MAX + 1} | words


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})

"""The API description as tests read it."""

import json
from typing import Any

from api.openapi.document import openapi_json
from api.routing import Route

Json = dict[str, Any]

DOCUMENT: Json = json.loads(openapi_json())
OPERATIONS: dict[str, Json] = {
    each["operationId"]: each for methods in DOCUMENT["paths"].values() for each in methods.values()
}
FORM = "application/x-www-form-urlencoded"
TYPES = {
    "string": "string",
    "enum": "string",
    "boolean": "boolean",
    "integer": "integer",
    "money": "integer",
    "number": "number",
    "timestamp": "integer",
    "list": "array",
}
"""Types of JSON Schema by the contract's."""


def resolved(each: Json) -> Json:
    """What a reference refers to."""
    if "$ref" not in each:
        return each
    found: Any = DOCUMENT
    for name in each["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found)


def parameters_of(operation: str, place: str) -> dict[str, Json]:
    """Parameters of a query, path or header, by name."""
    return {each["name"]: each for each in map(resolved, OPERATIONS[operation]["parameters"]) if each["in"] == place}


def value_of(parameter: Json) -> Json:
    """The holder of a parameter's schema and example: itself, or its JSON."""
    holder: Json = parameter.get("content", {}).get("application/json", parameter)
    return holder


def query_of(operation: str) -> dict[str, Json]:
    """Schemas of a query."""
    return {name: value_of(each)["schema"] for name, each in parameters_of(operation, "query").items()}


def body_of(operation: str, media_type: str = FORM) -> Json:
    """Schema of a body."""
    schema: Json = OPERATIONS[operation]["requestBody"]["content"][media_type]["schema"]
    return schema


def values_of(route: Route) -> dict[str, Json]:
    """Schemas of single values by name, in a query or a form; of a list that of each value."""
    found = query_of(route.name) if route.method == "GET" else body_of(route.name)["properties"]
    return {name: each.get("items", each) for name, each in found.items()}


def refusals_of(operation: str, status: int) -> dict[str, Json]:
    """Examples of errors by code."""
    response = resolved(OPERATIONS[operation]["responses"][str(status)])
    examples: dict[str, Json] = response["content"]["application/json"]["examples"]
    return examples

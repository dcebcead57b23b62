"""The API description says what the schemas check, for every route, and in words."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from aiohttp import ClientSession
from openapi_spec_validator import validate

from api.field_groups import Values
from api.fields import Text
from api.openapi.bodies import form_schema, json_schema
from api.openapi.document import describe, openapi_json
from api.openapi.texts import TEXTS
from api.parameters import Bracket, Parameter
from api.routes import ROUTES
from api.routing import Route
from api.schemas.operation import OperationSchema
from tests.api.description import (
    DOCUMENT,
    OPERATIONS,
    TYPES,
    Json,
    body_of,
    parameters_of,
    query_of,
    value_of,
    values_of,
)
from tests.api.requests import Client

POSTS = [route for route in ROUTES if route.method == "POST"]
WITH_SCHEMA = [route for route in ROUTES if route.schema is not None]


def parameters() -> Iterator[Any]:
    for route in WITH_SCHEMA:
        assert route.schema is not None
        for parameter in route.schema.parameters:
            yield pytest.param(route, parameter, id=f"{route.name} {parameter.name}")


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1")


async def test_the_document_is_served_to_anyone(client: Client) -> None:
    async with ClientSession() as stranger, stranger.get(client.make_url("/api/v2/openapi.json")) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json;charset=utf-8"
        assert await response.read() == openapi_json()


def test_every_route_is_described_and_nothing_else_is() -> None:
    described = {
        (method.upper(), re.sub(r"\{[a-z-]+-id\}", "{id}", path), each["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, each in methods.items()
    }
    assert described == {(route.method, route.path, route.name) for route in ROUTES}


def test_a_route_that_is_new_is_described_without_words() -> None:
    new = Route("new", "POST", "/orders/{id}/new", ROUTES[0].operation)
    document = describe([*ROUTES, new])
    validate(document)
    assert document["paths"]["/orders/{order-id}/new"]["post"]["operationId"] == "new"


@pytest.mark.parametrize("route", WITH_SCHEMA, ids=lambda route: route.name)
def test_an_operation_is_described_with_the_parameters_of_its_schema(route: Route) -> None:
    assert route.schema is not None
    assert set(values_of(route)) == {parameter.name for parameter in route.schema.parameters}


@pytest.mark.parametrize(("route", "parameter"), list(parameters()))
def test_a_parameter_is_described_as_its_schema_declares_it(route: Route, parameter: Parameter) -> None:
    found = values_of(route)[parameter.name]
    assert found["type"] == TYPES[parameter.type]
    assert found.get("maxLength") == parameter.max_length
    assert tuple(found.get("enum", ())) == parameter.choices
    if parameter.type == "timestamp":
        assert (found["format"], found["minimum"], found["maximum"]) == ("unix-time", 0, 9_999_999_999)
    elif parameter.type != "boolean":
        assert (found.get("minimum"), found.get("maximum")) == (parameter.minimum, parameter.maximum)
    if parameter.format:
        assert found["format"] == parameter.format


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.name)
def test_a_form_requires_what_its_schema_requires(route: Route) -> None:
    needed = {parameter.name for parameter in route.schema.parameters if parameter.required} if route.schema else set()
    assert set(body_of(route.name).get("required", ())) == needed
    assert OPERATIONS[route.name]["requestBody"]["required"] == bool(needed)


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.name)
def test_json_and_form_of_an_operation_say_the_same(route: Route) -> None:
    assert dict(flattened(body_of(route.name, "application/json"))) == {
        name: without_words(each.get("items", each)) for name, each in body_of(route.name)["properties"].items()
    }


def flattened(schema: Json) -> Iterator[tuple[str, Json]]:
    """The names and values of a JSON object as a form has them."""
    for name, each in schema["properties"].items():
        nested = each.get("items", each)
        if nested["type"] == "object":
            for member, inner in nested["properties"].items():
                # That an entry of a list needs its id is a matter of the entry, which a form does not have.
                as_value = without_words(inner)
                if each["type"] == "array":
                    as_value = {key: bound for key, bound in as_value.items() if key not in {"minLength", "pattern"}}
                yield f"{name}[{member}]", as_value
        else:
            yield name, without_words(nested)


def without_words(schema: Json) -> Json:
    """Without what only JSON can say: null."""
    plain = {name: bound for name, bound in schema.items() if name != "description"}
    if isinstance(plain["type"], list):
        plain["type"] = plain["type"][0]
        if "enum" in plain:
            plain["enum"] = [value for value in plain["enum"] if value is not None]
    return plain


def test_json_requires_a_group_that_has_required_members() -> None:
    schema = body_of("create_refundable_credit_note", "application/json")
    assert schema["required"] == ["credit_note"]
    assert schema["properties"]["credit_note"]["required"] == ["reason_code", "total"]
    assert body_of("resend", "application/json")["properties"]["order_line_items"]["items"]["required"] == ["id"]
    assert "required" not in body_of("cancel", "application/json")["properties"]["credit_note"]


def test_lists_in_forms_are_described_in_both_spellings() -> None:
    form = body_of("update")
    [indexed] = [pattern for pattern in form["patternProperties"] if "sku" in pattern]
    sku = form["properties"]["order_line_items[sku]"]
    assert sku["items"] == {"type": "string", "maxLength": 250}
    assert form["patternProperties"][indexed]["maxLength"] == 250
    assert jsonschema_rs.is_valid(form, {"order_line_items[sku][7]": "x" * 250})
    assert not jsonschema_rs.is_valid(form, {"order_line_items[sku][7]": "x" * 251})


def test_a_list_of_plain_values_is_described() -> None:
    class Tagged(OperationSchema[Json]):
        tags: Values[str] = Values(Text(5))

    schema = Tagged()
    [tags] = schema.parameters
    assert tags.bracket is Bracket.INDEXED_LIST
    assert form_schema("x", schema.parameters)["properties"]["tags"]["items"] == {"type": "string", "maxLength": 5}
    assert json_schema("x", schema)["properties"]["tags"]["items"] == {"type": ["string", "null"], "maxLength": 5}


def test_a_filter_with_many_values_holds_them_as_json() -> None:
    query = query_of("list")
    assert (query["status[in]"]["type"], query["status[in]"]["maxItems"]) == ("array", 250)
    assert (query["created_at[between]"]["minItems"], query["created_at[between]"]["maxItems"]) == (2, 2)
    assert query["limit"]["default"] == 10


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_example_is_what_its_schema_allows(route: Route) -> None:
    if route.method == "POST":
        for media in OPERATIONS[route.name]["requestBody"]["content"].values():
            if "example" in media:
                jsonschema_rs.validate(media["schema"], media["example"])
    for place in ("path", "query"):
        for holder in map(value_of, parameters_of(route.name, place).values()):
            if "example" in holder:
                jsonschema_rs.validate(holder["schema"], holder["example"])


def test_everything_has_words_and_no_words_are_left_over() -> None:
    components = {name: part for name, part in DOCUMENT["components"].items() if name != "responses"}
    assert list(wordless({"paths": DOCUMENT["paths"], "components": components}, "")) == []
    told = json.dumps(DOCUMENT)
    for text in all_texts(TEXTS):
        assert json.dumps(text)[1:-1] in told, text


def wordless(part: Any, path: str) -> Iterator[str]:
    """Operations, parameters, headers and members without a description."""
    if isinstance(part, dict):
        if {"operationId", "in", "schema"} & part.keys() and " content " not in path and "description" not in part:
            yield path
        for name, each in part.get("properties", {}).items():
            if "description" not in each:
                yield f"{path} {name}"
        for name, each in part.items():
            yield from wordless(each, f"{path} {name}")
    elif isinstance(part, list):
        for place, each in enumerate(part):
            yield from wordless(each, f"{path} {place}")


def all_texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, each in part.items():
            if name != "example":
                yield from all_texts(each)
    elif isinstance(part, str):
        yield part


def test_the_document_is_the_same_in_every_process() -> None:
    program = "import sys; from api.openapi.document import openapi_json; sys.stdout.buffer.write(openapi_json())"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        made = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        assert made.stdout == openapi_json()

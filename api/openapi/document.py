"""The OpenAPI 3.1 document of the API, made once from the routes and the schemas that check requests.

apispec holds the parts together. Its marshmallow plugin is not used: it reads marshmallow's own fields, and ours read
text and know their bounds themselves (docs/decisions/0006).
"""

import functools
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from apispec import APISpec

from api.openapi.answers import answer, envelopes, headers
from api.openapi.bodies import form_encoding, form_schema, json_schema
from api.openapi.examples import nested_example, path_example
from api.openapi.parameters import header_names, header_parameters, path_of, path_parameters, query_parameters
from api.openapi.refusals import error_schema, refusals_of, response, response_name
from api.openapi.resources import resources
from api.openapi.texts import INFO, OPERATIONS, TEXTS, words
from api.openapi.values import Json
from api.parameters import Bracket, Parameter
from api.routes import ROUTES
from api.routing import API_PREFIX, Route

OPENAPI_VERSION = "3.1.0"
_FORM = "application/x-www-form-urlencoded"
# What the parameters of a tag make, where it is no order.
_RESOURCES = {"webhook_endpoints": "WebhookEndpoint"}
_ORDER_OF_MEMBERS = ("openapi", "info", "servers", "security", "tags", "paths", "components")


@functools.cache
def openapi_json() -> bytes:
    """The document as it is served."""
    return msgspec.json.encode(describe(ROUTES))


def describe(routes: Iterable[Route]) -> Json:
    """The document of these routes."""
    known = tuple(sorted(routes, key=_place))
    spec = APISpec(
        title=INFO["title"],
        version=version("order-ledger"),
        openapi_version=OPENAPI_VERSION,
        info={"summary": INFO["summary"], "description": INFO["description"]},
        servers=[{"url": API_PREFIX.rstrip("/")}],
        security=[{"basic": []}],
        tags=[{"name": tag} | words("tags", tag) for tag in dict.fromkeys(map(_tag, known))],
    )
    _add_components(spec, known)
    for route in known:
        spec.path(path_of(route), operations={route.method.lower(): _operation(route, known)})
    document: Json = spec.to_dict()
    return {name: document[name] for name in _ORDER_OF_MEMBERS}


def _place(route: Route) -> int:
    """Operations come in the order of the texts, those without any last."""
    names = list(OPERATIONS)
    return names.index(route.name) if route.name in names else len(names)


def _tag(route: Route) -> str:
    return route.path.split("/")[1]


def _add_components(spec: APISpec, routes: Iterable[Route]) -> None:
    components = spec.components
    components.security_scheme("basic", {"type": "http", "scheme": "basic"} | _described(TEXTS["security"]["basic"]))
    for parameter in header_parameters():
        components.parameter(parameter["name"], "header", parameter)
    for name, header in headers():
        components.header(name, header)
    schemas = {**dict(envelopes()), **dict(resources(_lengths(routes))), "Error": error_schema()}
    for name, schema in schemas.items():
        components.schema(name, schema)
    for name, kinds in _shared_refusals(routes):
        components.response(name, response(kinds))


def _shared_refusals(routes: Iterable[Route]) -> Iterator[tuple[str, list[Any]]]:
    found = {response_name(kinds): kinds for route in routes for kinds in refusals_of(route).values()}
    yield from sorted(found.items())


def _operation(route: Route, routes: tuple[Route, ...]) -> Json:
    told = OPERATIONS.get(route.name, {})
    operation: Json = {
        "operationId": route.name,
        "summary": told.get("summary", route.name),
        **_described(told.get("description")),
        "tags": [_tag(route)],
        "parameters": [
            *(parameter | path_example(route.name) for parameter in path_parameters(route, routes)),
            *(query_parameters(route.name, _parameters(route)) if route.method == "GET" else ()),
            *header_names(route.method),
        ],
    }
    if route.method == "POST":
        operation["requestBody"] = _body(route)
    return operation | {"responses": _responses(route)}


def _body(route: Route) -> Json:
    """Both spellings of a body. An operation without parameters takes an empty one."""
    parameters = _parameters(route)
    form: Json = {"schema": form_schema(route.name, parameters)}
    encoding = form_encoding(parameters)
    if encoding:
        form["encoding"] = encoding
    nested: Json = {"schema": json_schema(route.name, route.schema) if route.schema else {"type": "object"}}
    example = OPERATIONS.get(route.name, {}).get("example")
    if example:
        form["example"] = example
        nested["example"] = nested_example(example)
    needed = any(parameter.required for parameter in parameters)
    return {"required": needed, "content": {_FORM: form, "application/json": nested}}


def _responses(route: Route) -> Json:
    refused = {str(status): response_name(kinds) for status, kinds in refusals_of(route).items()}
    return {"200": answer(route)} | refused


def _lengths(routes: Iterable[Route]) -> dict[str, int]:
    """The lengths of members that callers set, by the component that shows them."""
    found: dict[str, int] = {}
    for route in routes:
        for parameter in _parameters(route):
            component = _component_of(route, parameter)
            if component and parameter.max_length and route.method == "POST":
                found[component] = parameter.max_length
    return found


def _component_of(route: Route, parameter: Parameter) -> str | None:
    if parameter.bracket is Bracket.FLAT:
        return f"{_RESOURCES.get(_tag(route), 'Order')}.{parameter.name}"
    if parameter.root.endswith("_address"):
        return f"Address.{parameter.member}"
    if parameter.root == "order_line_items":
        return f"OrderLineItem.{parameter.member}"
    return None


def _parameters(route: Route) -> tuple[Parameter, ...]:
    return route.schema.parameters if route.schema else ()


def _described(text: str | None) -> Json:
    return {"description": text} if text else {}

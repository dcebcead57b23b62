"""What an operation takes beside its body: the id in its path, its query, and headers (chargebee/conventions.md, 5)."""

from collections.abc import Iterable, Iterator

from api import origin
from api.field_groups import PathId
from api.openapi.examples import query_example
from api.openapi.texts import parameter_words, words
from api.openapi.values import Json, list_schema, query_schema
from api.parameters import Parameter
from api.routing import Route
from ledger.limits import BUSINESS_ENTITY_ID_LENGTH_MAX, IDEMPOTENCY_KEY_LENGTH_MAX

_ALL_DISABLED: Json = {"type": "string", "examples": ["all-disabled"]}
_TEXT: Json = {"type": "string"}

ALWAYS: dict[str, Json] = {
    origin.BUSINESS_ENTITY_ID: {"type": "string", "maxLength": BUSINESS_ENTITY_ID_LENGTH_MAX},
}
ON_WRITES: dict[str, Json] = {
    origin.IDEMPOTENCY_KEY: {"type": "string", "maxLength": IDEMPOTENCY_KEY_LENGTH_MAX},
    origin.EVENT_WEBHOOK: _ALL_DISABLED,
    "chargebee-event-email": _ALL_DISABLED,
    origin.EVENT_ACTIONS: _ALL_DISABLED,
    origin.ORIGIN_USER: _TEXT,
    origin.ORIGIN_USER_ENCODED: {"type": "string", "contentEncoding": "base64"},
    origin.ORIGIN_IP: _TEXT,
    origin.ORIGIN_DEVICE: _TEXT,
}


def path_of(route: Route) -> str:
    """``/orders/{id}/cancel`` as ``/orders/{order-id}/cancel``, as Chargebee names it."""
    return route.path.replace("{id}", f"{{{_id_name(route)}}}")


def path_parameters(route: Route, routes: Iterable[Route]) -> Iterator[Json]:
    """The id in the path, if there is one; its length is that of its collection."""
    if "{id}" not in route.path:
        return
    lengths = [
        field.max_length
        for other in routes
        if other.schema is not None and _collection(other) == _collection(route)
        for field in other.schema.fields.values()
        if isinstance(field, PathId)
    ]
    schema: Json = {"type": "string", "minLength": 1} | ({"maxLength": max(lengths)} if lengths else {})
    name = _id_name(route)
    yield {"name": name, "in": "path", "required": True, "schema": schema} | words("path_ids", name)


def query_parameters(operation: str, parameters: Iterable[Parameter]) -> Iterator[Json]:
    """The query of a GET. A filter that holds a list holds it as JSON."""
    for parameter in parameters:
        described: Json = {"name": parameter.name, "in": "query"} | parameter_words(operation, parameter)
        values, example = list_schema(parameter), query_example(operation, parameter.name)
        if values is None:
            yield described | {"schema": query_schema(parameter)} | example
        else:
            yield described | {"content": {"application/json": {"schema": values} | example}}


def header_names(method: str) -> list[str]:
    """Headers that requests of this method may carry."""
    return [*ALWAYS, *(ON_WRITES if method == "POST" else ())]


def header_parameters() -> Iterator[Json]:
    """All headers of requests, to be referred to by name."""
    for name, schema in (ALWAYS | ON_WRITES).items():
        yield {"name": name, "in": "header", "schema": schema} | words("headers", name)


def _collection(route: Route) -> str:
    """What the id in the path is of."""
    return route.path.partition("/{id}")[0].rpartition("/")[2]


def _id_name(route: Route) -> str:
    return f"{_collection(route).removesuffix('s').replace('_', '-')}-id"

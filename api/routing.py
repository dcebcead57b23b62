"""From a method and a path to the operation that answers, as Chargebee's clients write paths.

Both official SDKs send a slash inside an id as it is, so an id is matched greedily between its collection and a
known action (chargebee/conventions.md, section 1). A known path with another method is 405, an unknown one 404.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote_to_bytes

from aiohttp import web

from api.schemas.operation import OperationSchema
from ledger.errors import MethodNotSupported, ResourceNotFound

API_PREFIX = "/api/v2/"

# Services, request context and path id in, answer out; the context's type is the dispatcher's matter.
Operation = Callable[[Any, str], Awaitable[web.StreamResponse]]


class Door(Enum):
    """Which credentials let a request in: an API key, or those of the intake."""

    API = "api"
    INTAKE = "intake"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: ``/orders/{id}/cancel`` and the like, below the API prefix.

    ``name`` is Chargebee's (chargebee/contract.json); ``schema`` declares the parameters, None where there are none.
    ``is_command`` says that nothing is done but one command (``ledger.handler``).
    """

    name: str
    method: str
    path: str
    operation: Operation
    schema: OperationSchema[Any] | None = None
    door: Door = Door.API
    is_command: bool = False


@dataclass(slots=True)
class _Collection:
    """What stands below ``/orders``, or ``/ledger/requests``: actions on the collection, on one member, and the
    member itself.
    """

    fixed: dict[str, dict[str, Operation]] = field(default_factory=dict)
    actions: dict[str, dict[str, Operation]] = field(default_factory=dict)


class Router:
    """Finds operations by path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._collections: dict[str, _Collection] = {}
        for route in routes:
            self._add(route)

    def find(self, method: str, raw_path: str) -> tuple[Operation, str]:
        """The operation and the id in the path, "" where it has none.

        Args:
            raw_path: as it was sent, percent-encoded, without the query.

        Raises:
            ResourceNotFound: no such path, or its id is not UTF-8.
            MethodNotSupported: the path is there for another method.
        """
        if not raw_path.startswith(API_PREFIX):
            raise ResourceNotFound
        name, slash, rest = raw_path[len(API_PREFIX) :].partition("/")
        inner, inner_slash, inner_rest = rest.partition("/")
        if inner_slash and f"{name}/{inner}" in self._collections:
            name, rest = f"{name}/{inner}", inner_rest
        collection = self._collections.get(name)
        if collection is None:
            raise ResourceNotFound
        methods, raw_id = _below(collection, slash + rest)
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodNotSupported
        return operation, _decoded(raw_id)

    def _add(self, route: Route) -> None:
        name, member, action = route.path.lstrip("/").partition("/{id}")
        if member:
            methods = self._collections.setdefault(name, _Collection()).actions.setdefault(action, {})
        else:
            name, slash, rest = name.partition("/")
            methods = self._collections.setdefault(name, _Collection()).fixed.setdefault(slash + rest, {})
        assert route.method not in methods, f"{route.method} {route.path} is there twice"
        methods[route.method] = route.operation


def _below(collection: _Collection, path: str) -> tuple[dict[str, Operation], str]:
    if path in collection.fixed:
        return collection.fixed[path], ""
    raw_id, _, last = path[1:].rpartition("/")
    if raw_id and f"/{last}" in collection.actions:
        return collection.actions[f"/{last}"], raw_id
    if "" in collection.actions and len(path) > 1:
        return collection.actions[""], path[1:]
    raise ResourceNotFound


def _decoded(raw_id: str) -> str:
    try:
        decoded = unquote_to_bytes(raw_id).decode("utf-8")
    except UnicodeError:
        raise ResourceNotFound from None
    if "\x00" in decoded:
        raise ResourceNotFound
    return decoded

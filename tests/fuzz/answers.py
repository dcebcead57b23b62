"""What holds of every answer, whatever was asked: its form, its codes, and that the API description foresees it."""

import copy
import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from api.openapi.answers import FILES
from api.routes import ROUTES
from api.routing import Router
from ledger.errors import LedgerError
from tests.api.description import DOCUMENT, OPERATIONS, resolved
from tests.fuzz.wire import Answer, Exchange, Request

Json = dict[str, Any]

CONTENT_TYPE = "application/json;charset=utf-8"

# For people, so in their form.
_PAGES = {"/docs", "/docs/docs.css", "/docs/docs.js"}

_ROUTER = Router(ROUTES)
_NAMES = {route.operation: route.name for route in ROUTES}
_leak = re.compile(
    rb"Traceback|File \"|\.py\b|<class|NoneType|object at 0x|[a-z]Error\b|Exception\b"
    rb"|asyncpg|aiohttp|marshmallow|msgspec|uvloop"
).search


def check_answer(done: Exchange) -> None:
    """Raise AssertionError, with the exchange in its text, where an answer is not as it must be."""
    if done.answer is None:
        assert done.request.hangs_up, f"no answer to {done.request}\n  behind {done.before}"
        return
    try:
        _check(done.request, done.answer)
    except (AssertionError, ValueError, jsonschema_rs.ValidationError) as error:
        raise AssertionError(f"{error}\n  {done.request}\n  {done.answer}") from error


def operation_of(request: Request) -> str | int:
    """The name of the operation that a request reaches, or the status of the refusal where there is none."""
    try:
        operation, _ = _ROUTER.find(request.method.decode("latin-1"), request.path)
    except LedgerError as refused:
        return refused.http_status
    return _NAMES[operation]


def _check(request: Request, answer: Answer) -> None:
    assert answer.status < 500, "a fault of the service"
    if answer.status == 200 and request.path in _PAGES:
        return
    operation = operation_of(request) if request.raw is None else None
    if answer.status == 200 and operation in FILES:
        assert answer.headers["content-type"].partition(";")[0] == FILES[str(operation)][0]
        return
    assert answer.headers["content-type"] == CONTENT_TYPE
    assert answer.headers.get("server") == "order-ledger"
    assert answer.headers.get("chargebee-idempotency-replayed", "true") == "true"
    if "retry-after" in answer.headers or answer.status == 429:
        assert int(answer.headers["retry-after"]) >= 1
    if request.method != b"HEAD":
        body = json.loads(answer.body)
        if answer.status >= 400:
            _check_refusal(answer, body)
        if request.raw is None and "x-request-id" in answer.headers:
            _check_described(request, answer.status, body)


def _check_refusal(answer: Answer, body: Json) -> None:
    _validator("Error", None).validate(body)
    assert body["http_status_code"] == answer.status
    assert body["message"] == (f"{body['param']} : {body['error_msg']}" if "param" in body else body["error_msg"])
    assert body.get("error_param") == body.get("param")
    assert ("type" in body) == (answer.status not in {401, 403})
    assert not _leak(answer.body), "the answer tells what the service is made of"


def _check_described(request: Request, status: int, body: Json) -> None:
    operation = operation_of(request)
    if isinstance(operation, int):
        assert status == operation, f"{status} where no operation is: {operation}"
    else:
        assert str(status) in OPERATIONS[operation]["responses"], f"{operation} is not described with {status}"
        _validator(operation, status).validate(body)


@cache
def _validator(name: str, status: int | None) -> jsonschema_rs.Validator:
    """Of a component, or of an operation's answer with a status."""
    schema: Json = {"$ref": f"#/components/schemas/{name}"}
    if status is not None:
        response = resolved(OPERATIONS[name]["responses"][str(status)])
        schema = response["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": {"schemas": _closed_schemas()}})


@cache
def _closed_schemas() -> Json:
    """The resources of the description, where nothing may be that is not described."""
    schemas = copy.deepcopy(DOCUMENT["components"]["schemas"])
    for schema in schemas.values():
        schema["additionalProperties"] = False
    return dict(schemas)

"""Which errors an operation may give (chargebee/orders.md, 7; conventions.md, 3 to 7), and how they look."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from http import HTTPStatus

import msgspec

from api.openapi.answers import REPLAYED, REQUEST_ID, RETRY_AFTER
from api.openapi.texts import member_words, words
from api.openapi.values import Json
from api.rendering import error_body
from api.replay import STORED_REFUSALS
from api.routing import Route
from ledger import errors as e

_Kinds = tuple[type[e.LedgerError], ...]

_ANY: _Kinds = (
    e.InvalidRequest,
    e.ParamWrongValue,
    e.AuthenticationFailed,
    # Of the path, of a parameter, or of the business entity that any call may name.
    e.ResourceNotFound,
    e.RequestLimitExceeded,
    e.OperationFailed,
    e.TemporaryError,
    e.DatabaseUnavailable,
)
_WRITE: _Kinds = (e.AuthorizationFailed, e.UnableToProcess, e.LockTimeout)
_MORE: dict[str, _Kinds] = {
    "create": (e.DuplicateEntry, e.ConfigurationIncompatible),
    "import_order": (e.DuplicateEntry,),
    "create_webhook_endpoint": (e.ResourceLimitExceeded,),
    "event_proof": (e.AuthorizationFailed,),
    "ledger_health": (e.AuthorizationFailed,),
    "ledger_overview": (e.AuthorizationFailed,),
    "ledger_verification": (e.AuthorizationFailed,),
    "update": (e.InvalidState,),
    "cancel": (e.InvalidState,),
    "create_refundable_credit_note": (e.InvalidState,),
    "reopen": (e.InvalidState,),
    "delete": (e.InvalidState,),
    "resend": (e.InvalidState, e.ResourceLimitExhausted),
}


def refusals_of(route: Route) -> dict[int, list[type[e.LedgerError]]]:
    """The errors of an operation by status, each status in the order of the tree."""
    kinds = {*_ANY, *_MORE.get(route.name, ())}
    if route.method == "POST":
        kinds |= {*_WRITE}
    found: defaultdict[int, list[type[e.LedgerError]]] = defaultdict(list)
    for kind in sorted(kinds, key=lambda kind: (kind.http_status, kind.api_error_code)):
        found[kind.http_status].append(kind)
    return dict(found)


def response_name(kinds: Iterable[type[e.LedgerError]]) -> str:
    """Under which name operations with the same errors share a response: ``400.invalid_request.duplicate_entry``."""
    [status] = {kind.http_status for kind in kinds}
    return ".".join([str(status), *dict.fromkeys(kind.api_error_code for kind in kinds)])


def response(kinds: list[type[e.LedgerError]]) -> Json:
    """The response of one status."""
    status = kinds[0].http_status
    headers = {REQUEST_ID: REQUEST_ID}
    if status in STORED_REFUSALS:
        headers[REPLAYED] = REPLAYED
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers[RETRY_AFTER] = RETRY_AFTER
    content = {"schema": _schema(kinds), "examples": {kind.api_error_code: _example(kind) for kind in kinds}}
    return {"description": HTTPStatus(status).phrase, "headers": headers, "content": {"application/json": content}}


def error_schema() -> Json:
    """What all errors have in common."""
    members: Json = {
        "message": {"type": "string"},
        "type": {"type": "string", "enum": list(dict.fromkeys(kind.type for kind in all_kinds() if kind.type))},
        "api_error_code": {"type": "string"},
        "param": {"type": "string"},
        "error_code": {"type": "string"},
        "error_msg": {"type": "string"},
        "error_param": {"type": "string"},
        "http_status_code": {"type": "integer"},
    }
    described = {name: schema | member_words("Error", name) for name, schema in members.items()}
    required = ["message", "api_error_code", "error_code", "error_msg", "http_status_code"]
    return {"type": "object", "properties": described, "required": required} | words("resources", "Error")


def all_kinds(kind: type[e.LedgerError] = e.LedgerError) -> Iterator[type[e.LedgerError]]:
    """The whole tree of errors, the base itself not."""
    for child in kind.__subclasses__():
        yield child
        yield from all_kinds(child)


def _schema(kinds: list[type[e.LedgerError]]) -> Json:
    codes = list(dict.fromkeys(kind.api_error_code for kind in kinds))
    told: Json = {"api_error_code": {"enum": codes}, "http_status_code": {"const": kinds[0].http_status}}
    return {"$ref": "#/components/schemas/Error", "properties": told}


def _example(kind: type[e.LedgerError]) -> Json:
    summary = words("errors", kind.api_error_code).get("description", "")
    param = "invoice_id" if issubclass(kind, (e.ParamWrongValue, e.DuplicateEntry)) else None
    return {"summary": summary, "value": msgspec.json.decode(error_body(kind(param=param)))}

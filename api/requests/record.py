"""What is kept of a request and its answer: made from both when the answer stands, before it is sent."""

import re
from typing import Any

import msgspec
from aiohttp import web

from api.forms import Pairs, read_body, read_query
from api.origin import Origin
from api.parameters import Parameter
from api.replay import REPLAYED
from api.requests.exchange import Exchange
from api.requests.redaction import REDACTED, Redaction, id_shown, name_shown, without_keys
from api.routing import API_PREFIX, Door, Route
from ledger.errors import LedgerError
from ledger.requests import REFUSED_FROM, KeptRequest
from ledger.sites import KeyOwner

# Of a POST with such an answer, the id in the path is that of a resource: unknown ones are 404 before all else.
_OF_KNOWN_RESOURCES = frozenset({200, 400, 409})
# Other values stand in our own words by chance, as the choices of an enum do.
_is_telling = re.compile(r"(?=.*[^a-z_]).{5,}", re.DOTALL).fullmatch

_NO_ORIGIN = Origin()

# Which parameters name an order and an invoice. The id of an event that comes in is none of an order.
_ORDER_ID = {Door.API: "id"}
_INVOICE_ID = {Door.API: "invoice_id", Door.INTAKE: "content[invoice][id]"}
# What is kept of an event that comes in.
_OF_EVENTS = tuple(Parameter(name=name, type="string") for name in ("id", "event_type"))


class _Order(msgspec.Struct):
    id: str | None = None
    invoice_id: str | None = None


class _Answer(msgspec.Struct):
    """The members of an answer that are kept: of an order, or of an error."""

    order: _Order | None = None
    message: str | None = None
    error_msg: str | None = None
    type: str | None = None
    api_error_code: str | None = None
    param: str | None = None


def is_kept(exchange: Exchange, status: int) -> bool:
    """Whether a request is kept: of a known caller to a known route, a POST or a GET that was refused.

    Reads that went well are not: they change nothing and are many.
    """
    if exchange.route is None or exchange.owner is None:
        return False
    return exchange.route.method == "POST" or status >= REFUSED_FROM


def kept_request(request: web.BaseRequest, exchange: Exchange, response: web.StreamResponse) -> KeptRequest:
    """What is kept of a request that ``is_kept``."""
    route, owner, origin = exchange.route, exchange.owner, exchange.origin or _NO_ORIGIN
    assert route is not None
    assert owner is not None
    pairs = _pairs(request, exchange)
    path_id = _path_id(exchange, response.status)
    answer = _read(response)
    named = answer.order or _Order()
    is_replayed = REPLAYED in response.headers
    return KeptRequest(
        **_caller(owner, origin, route.door, is_let_in=exchange.body is not None),
        **_error(answer, _redaction(route), pairs or [], exchange.path_id if path_id == REDACTED else ""),
        id=exchange.request_id,
        at=exchange.at_ms,
        duration_us=exchange.duration_us,
        method=request.method if request.method in {"GET", "HEAD", "POST"} else route.method,
        path=API_PREFIX.rstrip("/") + route.path.replace("{id}", path_id),
        operation=route.name,
        order_id=_of_path(route, "orders", path_id) or named.id or _asked(pairs, _ORDER_ID.get(route.door)),
        invoice_id=_of_path(route, "invoices", path_id) or named.invoice_id or _asked(pairs, _INVOICE_ID[route.door]),
        parameters=_redaction(route).kept(pairs) if pairs else (),
        parameter_count=None if pairs is None else len(pairs),
        status=response.status,
        is_replayed=is_replayed,
        # Those of a request that was answered before are its first answer's.
        event_ids=() if is_replayed else exchange.event_ids,
    )


def _caller(owner: KeyOwner, origin: Origin, door: Door, *, is_let_in: bool) -> dict[str, Any]:
    entity = origin.business_entity_id
    return {
        "site": owner.site,
        "actor": owner.name,
        "actor_kind": "api_key" if door is Door.API else "intake",
        "key_kind": owner.kind.value,
        # Behind the door it is one that the site knows.
        "business_entity_id": entity if is_let_in or entity is None else id_shown(entity),
        "idempotency_key": without_keys(origin.idempotency_key),
        "origin_user": without_keys(origin.user),
        "origin_ip": without_keys(origin.ip),
        "origin_device": without_keys(origin.device),
    }


def _error(answer: _Answer, redaction: Redaction, pairs: Pairs, path_id: str) -> dict[str, Any]:
    """Our own words are kept; a message that repeats what was sent, and is not kept itself, is not."""
    if answer.message is None:
        return {}
    param = None if answer.param is None else name_shown(answer.param)
    reason = answer.error_msg or answer.message
    withheld = {*redaction.withheld(pairs), path_id}
    if any(value in reason and _is_telling(value) for value in withheld):
        reason = REDACTED
    return {
        "error_type": answer.type,
        "api_error_code": answer.api_error_code,
        "param": param,
        "message": f"{param} : {reason}" if param else reason,
    }


def _pairs(request: web.BaseRequest, exchange: Exchange) -> Pairs | None:
    """The parameters; None when they were not read or cannot be."""
    if exchange.parameters is not None:
        return exchange.parameters
    try:
        if request.method != "POST":
            return read_query(request.rel_url.raw_query_string)
        return None if exchange.body is None else read_body(request.headers.get("Content-Type"), exchange.body)
    except LedgerError:
        return None


def _path_id(exchange: Exchange, status: int) -> str:
    """The id in the path: as it is where a resource has it, and where it looks like one."""
    assert exchange.route is not None
    is_of_resource = exchange.route.method == "POST" and exchange.body is not None and status in _OF_KNOWN_RESOURCES
    return exchange.path_id if is_of_resource else id_shown(exchange.path_id)


def _of_path(route: Route, collection: str, path_id: str) -> str | None:
    """The id of the path, where it is of this collection and is kept."""
    is_of_collection = route.path.startswith(f"/{collection}/{{id}}")
    return path_id if is_of_collection and path_id != REDACTED else None


def _asked(pairs: Pairs | None, parameter: str | None) -> str | None:
    """The id that a parameter asks for, such as that of an order that could not be made."""
    shown = id_shown(dict(pairs or ()).get(parameter or "", ""))
    return None if shown == REDACTED else shown


def _read(response: web.StreamResponse) -> _Answer:
    body = response.body if isinstance(response, web.Response) else None
    if isinstance(body, bytes):
        try:
            return _decoder.decode(body)
        except msgspec.MsgspecError:
            pass
    return _Answer()


_decoder = msgspec.json.Decoder(_Answer)


def _redaction(route: Route) -> Redaction:
    redaction = _redactions.get(route.name)
    if redaction is None:
        of_schema = route.schema.parameters if route.schema else ()
        redaction = _redactions[route.name] = Redaction(_OF_EVENTS if route.door is Door.INTAKE else of_schema)
    return redaction


# By the name of the operation.
_redactions: dict[str, Redaction] = {}

"""A kept request as the API shows it. Members without a value are absent; ``proven`` is always false."""

from collections.abc import Iterable

import msgspec

from ledger.requests import KeptParameter, KeptRequest, RequestEvent

_ORDER_STREAM = "order-"


class RequestParameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A parameter; ``length`` in characters stands where the value is redacted."""

    name: str
    value: str
    length: int | None = None


class EventOfRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event that the request made."""

    position: int
    event_id: str
    type: str
    version: int
    order_id: str | None = None


class KeptRequestDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request and its answer."""

    id: str
    at: int
    at_ms: int
    duration_us: int
    actor: str
    actor_kind: str
    key_kind: str
    business_entity_id: str | None = None
    method: str
    path: str
    operation: str
    order_id: str | None = None
    invoice_id: str | None = None
    idempotency_key: str | None = None
    origin_user: str | None = None
    origin_ip: str | None = None
    origin_device: str | None = None
    status: int
    is_refused: bool
    is_replayed: bool
    error_type: str | None = None
    api_error_code: str | None = None
    param: str | None = None
    message: str | None = None
    parameter_count: int | None = None
    proven: bool
    object: str
    parameters: tuple[RequestParameter, ...] = ()
    events: tuple[EventOfRequest, ...] = ()


_SHARED = {*KeptRequest.__struct_fields__} & {*KeptRequestDocument.__struct_fields__} - {"parameters", "at"}


def request_document(request: KeptRequest, events: Iterable[RequestEvent] = ()) -> KeptRequestDocument:
    """The document of a request, with its events where they are known."""
    return KeptRequestDocument(
        **{name: getattr(request, name) for name in _SHARED},
        at=request.at // 1000,
        at_ms=request.at,
        is_refused=request.is_refused,
        proven=False,
        object="request",
        parameters=tuple(map(_parameter, request.parameters)),
        events=tuple(map(_event, events)),
    )


def _parameter(kept: KeptParameter) -> RequestParameter:
    return RequestParameter(name=kept.name, value=kept.value, length=kept.length)


def _event(event: RequestEvent) -> EventOfRequest:
    is_of_order = event.stream.startswith(_ORDER_STREAM)
    return EventOfRequest(
        position=event.position,
        event_id=event.event_id,
        type=event.type,
        version=event.version,
        order_id=event.stream.removeprefix(_ORDER_STREAM) if is_of_order else None,
    )

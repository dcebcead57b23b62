"""One request that was let in: who calls, for which site, from where, with what parameters."""

import asyncio
import functools
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from api.forms import Pairs, read_body, read_query
from api.origin import Origin, read_origin
from api.replay import IdempotencyKey, request_digest
from api.requests.exchange import Exchange
from api.routing import Door
from api.services import Services
from api.shown import shown_body
from ledger.batch import Answer
from ledger.envelope import Metadata
from ledger.errors import InvalidRequest, ResourceNotFound
from ledger.handler import Caller, Shown
from ledger.ids import Site
from ledger.limits import INTAKE_BODY_BYTES_MAX, REQUEST_BODY_BYTES_MAX, REQUEST_BODY_S_MAX
from ledger.sites import KeyOwner
from ledger.vocabulary import EventSource


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request of a known caller. ``idempotency`` is None for reads and for requests without a key."""

    services: Services
    request: web.BaseRequest
    exchange: Exchange
    owner: KeyOwner
    origin: Origin
    body: bytes
    idempotency: IdempotencyKey | None

    @property
    def request_id(self) -> str:
        """Id of the request, which its events have too."""
        return self.exchange.request_id

    @property
    def site(self) -> Site:
        """The site that the key belongs to; nothing else decides it."""
        return self.owner.site

    def parameters(self) -> Pairs:
        """The parameters of a POST, from its body.

        Raises:
            InvalidRequest: the body cannot be read.
        """
        self.exchange.parameters = read_body(self.request.headers.get("Content-Type"), self.body)
        return self.exchange.parameters

    def query(self) -> Pairs:
        """The parameters of a GET.

        Raises:
            InvalidRequest: the query cannot be read.
        """
        return read_query(self.request.rel_url.raw_query_string)

    @property
    def caller(self) -> Caller:
        """For whom a command of this call runs, with what is recorded about it."""
        key, origin = self.idempotency, self.origin
        return Caller(
            site=self.owner.site,
            live=self.owner.live,
            name=self.owner.name,
            business_entity_id=origin.business_entity_id,
            metadata=Metadata(
                actor=self.owner.name,
                actor_kind="api_key",
                source=EventSource.API,
                request_id=self.request_id,
                correlation_id=self.request_id,
                causation_id=self.request_id,
                idempotency_key=key.key if key else None,
                origin_user=origin.user,
                origin_ip=origin.ip,
                origin_device=origin.device,
                business_entity_id=origin.business_entity_id,
                webhooks_disabled=origin.webhooks_disabled,
                method=self.request.method,
                path=self.request.path,
            ),
            answer=functools.partial(self._answer, key) if key else None,
            before_numbers=functools.partial(self.services.replays.require_unanswered, key) if key else None,
            on_sealed=self.exchange.note_events,
        )

    def _answer(self, key: IdempotencyKey, shown: Shown) -> Answer:
        return key.answer(200, shown_body(shown), self.services.clock_ms())


async def read_call(request: web.BaseRequest, services: Services, exchange: Exchange) -> Call:
    """Let the caller in and read the request; what becomes known is noted in the exchange, also of one refused.

    Raises:
        RequestLimitExceeded: the site has asked enough for this minute.
        AuthenticationFailed: nobody has the key. AuthorizationFailed: the key may not do this.
        InvalidRequest: the body or a header is over its bound.
        ResourceNotFound: the call is restricted to a business entity that the site does not know.
    """
    door = exchange.route.door if exchange.route else Door.API
    exchange.owner = owner = await services.gate.owner_of(request, door)
    await services.gate.require_right(owner, request)
    services.traffic.count(owner.site)
    exchange.origin = origin = read_origin(request.method, request.headers)
    entity = origin.business_entity_id
    if entity and not await services.handler.business_entity_exists(owner.site, entity):
        raise ResourceNotFound("Sorry, we couldn't find that business entity")
    body = await _bounded_body(request, _BODY_BYTES_MAX[door]) if request.method == "POST" else b""
    exchange.body = body
    idempotency = None
    if origin.idempotency_key and door is Door.API:
        idempotency = IdempotencyKey(owner.site, origin.idempotency_key, request_digest(request, body))
    return Call(
        services=services,
        request=request,
        exchange=exchange,
        owner=owner,
        origin=origin,
        body=body,
        idempotency=idempotency,
    )


Received = TypeVar("Received", bytes, bytearray)

_BODY_BYTES_MAX = {Door.API: REQUEST_BODY_BYTES_MAX, Door.INTAKE: INTAKE_BODY_BYTES_MAX}


async def _bounded_body(request: web.BaseRequest, bytes_max: int) -> bytes:
    try:
        if request.content.is_eof():
            # It came with its headers, as most do: nothing is left to wait for.
            return _within(request.content.read_nowait(), bytes_max)
        body = bytearray()
        async with asyncio.timeout(REQUEST_BODY_S_MAX):
            async for part in request.content.iter_any():
                body += part
                _within(body, bytes_max)
        return bytes(body)
    except TimeoutError:
        raise InvalidRequest(f"The request body should arrive within {REQUEST_BODY_S_MAX:.0f} seconds") from None
    except web.RequestPayloadError:
        raise InvalidRequest("The request body is not encoded as its headers say") from None


def _within(body: Received, bytes_max: int) -> Received:
    if len(body) > bytes_max:
        raise InvalidRequest(f"The request body should not be larger than {bytes_max} bytes")
    return body

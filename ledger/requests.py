"""What was asked and answered, refusals included: "why did nothing change?"

This is no part of the proven record. It is written after the answer, so a kill loses what waited; it is bounded, and
what did not fit is only counted; and it is forgotten after a while. The log alone says what happened.
"""

from collections.abc import Sequence
from typing import Literal

import asyncpg
import msgspec

from ledger.ids import Site
from ledger.limits import INTEGER_MAX, REFUSALS_IN_HISTORY_MAX, REQUESTS_FORGOTTEN_AT_ONCE, REQUESTS_WRITE_S_MAX
from ledger.sql import query

REFUSED_FROM = 400
"""The lowest status of a refusal."""

# Callers whom nobody knows belong to no site.
NO_SITE = Site("")

Reason = Literal["dropped", "unknown_caller"]


class KeptParameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A parameter as it is kept. ``length`` in characters stands where the value does not."""

    name: str
    value: str
    length: int | None = None


class KeptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer: the columns of ``ledger.request``.

    ``at`` in milliseconds; ``parameter_count`` is None when the parameters could not be read; ``event_ids`` are of
    the events that its last attempt meant to append: those that are in the log are its events.
    """

    site: Site
    id: str
    at: int
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
    parameters: tuple[KeptParameter, ...] = ()
    parameter_count: int | None = None
    idempotency_key: str | None = None
    origin_user: str | None = None
    origin_ip: str | None = None
    origin_device: str | None = None
    status: int
    error_type: str | None = None
    api_error_code: str | None = None
    param: str | None = None
    message: str | None = None
    is_replayed: bool = False
    event_ids: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the answer was an error."""
        return self.status >= REFUSED_FROM


class RequestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a request made."""

    position: int
    event_id: str
    type: str
    stream: str
    version: int


class NotKept(msgspec.Struct, frozen=True, kw_only=True):
    """How many requests are missing, and when the last one was, in milliseconds."""

    count: int = 0
    last_at: int | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What one column is asked for: one of the first (None is anything), and none of the others."""

    wanted: tuple[str | int, ...] | None = None
    unwanted: tuple[str | int, ...] = ()


class RequestQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page of requests, the newest first; all must hold. ``first`` and ``last`` in milliseconds, both included.

    ``start`` is time and id of the last request of the page before.
    """

    first: int = 0
    last: int = INTEGER_MAX
    refused: bool | None = None
    business_entity_id: str | None = None
    order_id: Choice = Choice()
    actor: Choice = Choice()
    operation: Choice = Choice()
    api_error_code: Choice = Choice()
    status: Choice = Choice()
    start: tuple[int, str] | None = None
    limit: int = 10


_FROM_THE_END = (INTEGER_MAX, "")
_BY_TIME = "true"
_REFUSED = f"status >= {REFUSED_FROM}"
_OF_ORDER = "order_id = ($8::text[])[1]"


class Requests:
    """Keeps requests and reads them. Database errors pass through."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, requests: Sequence[KeptRequest]) -> None:
        """Write requests of one site; those that are there already stay as they are."""
        rows = msgspec.json.encode(requests).decode()
        await self._pool.execute(query("keep_requests"), rows, timeout=REQUESTS_WRITE_S_MAX)

    async def count_not_kept(self, site: Site, reason: Reason, count: int, now_ms: int) -> None:
        """Count requests that are not kept."""
        statement = query("count_requests_not_kept")
        await self._pool.execute(statement, site, reason, count, now_ms, timeout=REQUESTS_WRITE_S_MAX)

    async def not_kept(self, site: Site, reason: Reason = "dropped") -> NotKept:
        """How many were not kept; those of unknown callers belong to ``NO_SITE``."""
        row = await self._pool.fetchrow(query("requests_not_kept"), site, reason)
        return NotKept(**row) if row else NotKept()

    async def find(self, site: Site, request_id: str) -> KeptRequest | None:
        """A request by its id."""
        text = await self._pool.fetchval(query("find_request"), site, request_id)
        return _kept(text) if text else None

    async def page(self, site: Site, wanted: RequestQuery) -> list[KeptRequest]:
        """The newest requests that fit, at most ``limit``."""
        statement, arguments = list_statement(site, wanted)
        rows = await self._pool.fetch(statement, *arguments)
        return [_kept(row["request"]) for row in rows]

    async def refused_of_order(
        self,
        site: Site,
        order_id: str,
        first_ms: int,
        last_ms: int,
        *,
        business_entity_id: str | None = None,
        actor: str | None = None,
    ) -> list[KeptRequest]:
        """The refused requests of an order from one time to another, both included, the oldest first.

        Of too many the newest, one more than ``REFUSALS_IN_HISTORY_MAX``. The last two narrow it to the requests under
        an entity and of a key.
        """
        wanted = RequestQuery(
            first=first_ms,
            last=last_ms,
            refused=True,
            business_entity_id=business_entity_id,
            order_id=Choice(wanted=(order_id,)),
            actor=Choice() if actor is None else Choice(wanted=(actor,)),
            limit=REFUSALS_IN_HISTORY_MAX + 1,
        )
        return (await self.page(site, wanted))[::-1]

    async def events_of(self, request: KeptRequest) -> list[RequestEvent]:
        """The events of the log that a request made."""
        if not request.event_ids:
            return []
        rows = await self._pool.fetch(query("events_of_request"), request.site, list(request.event_ids))
        return [RequestEvent(**row) for row in rows]

    async def forget(self, site: Site, before_ms: int, kept_max: int) -> int:
        """Delete a small number of requests that are too old or too many; returns how many, 0 when none are left."""
        gone = await self._forget_until(site, before_ms - 1, _LAST_ID)
        if gone:
            return gone
        first_too_many = await self._pool.fetchrow(query("request_at_place"), site, kept_max)
        return await self._forget_until(site, first_too_many["at"], first_too_many["id"]) if first_too_many else 0

    async def _forget_until(self, site: Site, at: int, request_id: str) -> int:
        statement = query("forget_old_requests")
        done = await self._pool.execute(statement, site, at, request_id, REQUESTS_FORGOTTEN_AT_ONCE)
        return int(done.split()[-1])


def list_statement(site: Site, wanted: RequestQuery) -> tuple[str, list[object]]:
    """The statement of a page and its arguments."""
    return query("list_requests").format(access=_access(wanted)), [site, *_arguments(wanted)]


# Behind every id of its millisecond: ids are ASCII.
_LAST_ID = "\x7f"


def _kept(text: str) -> KeptRequest:
    return msgspec.json.decode(text, type=KeptRequest)


def _access(wanted: RequestQuery) -> str:
    """Which index to walk."""
    if wanted.order_id.wanted is not None and len(wanted.order_id.wanted) == 1:
        return _OF_ORDER
    return _REFUSED if wanted.refused else _BY_TIME


def _arguments(wanted: RequestQuery) -> list[object]:
    arguments: list[object] = [*(wanted.start or _FROM_THE_END), wanted.first, wanted.last, wanted.refused]
    arguments.append(wanted.business_entity_id)
    for choice in (wanted.order_id, wanted.actor, wanted.operation, wanted.api_error_code, wanted.status):
        arguments.append(None if choice.wanted is None else list(choice.wanted))
        arguments.append(list(choice.unwanted) or None)
    return [*arguments, wanted.limit]

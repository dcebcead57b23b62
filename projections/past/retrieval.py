"""One order as it was answered at a moment.

A version whose document is at hand need not be folded: the record of its event has the hash of what was answered after
it (docs/decisions/0013), and only a document with that hash is shown. Of all other versions, and wherever anything is
not as it should be, the events are folded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec

from ledger.envelope import document_digest
from ledger.errors import ResourceNotFound
from ledger.ids import Position, Site, system_clock_ms
from ledger.limits import INTEGER_MAX
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment, refuse_future
from projections.history.order_history import OrderHistory
from projections.history.order_states import AsOf
from projections.sql import query

_VERSION_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RetrievedPast:
    """What was answered then, and which state of the order that is."""

    as_of: AsOf
    document: bytes


class _Answered(msgspec.Struct):
    """Of the body of an event, the hash of what was answered after it."""

    document: str | None = None


_answered = msgspec.json.Decoder(_Answered)


class PastOrders:
    """Retrieves orders of the past. Deleted ones are found."""

    def __init__(
        self, pool: asyncpg.Pool, history: OrderHistory, clock_ms: Callable[[], int] = system_clock_ms
    ) -> None:
        self._pool = pool
        self._history = history
        self._clock_ms = clock_ms

    async def retrieve(
        self, site: Site, order_id: str, moment: Moment, business_entity_id: str | None = None
    ) -> RetrievedPast:
        """The order as it was answered at a moment.

        Raises:
            ResourceNotFound: there never was such an order for the caller, or not yet.
            ParamWrongValue: the moment lies in the future.
            RecordUnreadable: the events of the order cannot be read any more.
        """
        row = await self._pool.fetchrow(query("find_order_at"), site, order_id, *_bounds(moment))
        if row is None or not row["is_shown"] or not _is_of(row, moment) or not _is_answered(row):
            found = await self._history.at(site, order_id, moment, business_entity_id)
            return RetrievedPast(found.as_of, found.document)
        if business_entity_id not in {None, row["business_entity_id"]}:
            raise ResourceNotFound
        refuse_future(moment, now_ms=self._clock_ms(), head=Position(row["head"]))
        as_of = AsOf(version=row["version"], position=row["position"], recorded_at=row["recorded_at"] // 1000)
        return RetrievedPast(as_of, row["document"])


def _bounds(moment: Moment) -> tuple[int, int, int]:
    """The last version, millisecond and position that a moment includes."""
    match moment:
        case AtVersion():
            return min(moment.version, _VERSION_MAX), INTEGER_MAX, INTEGER_MAX
        case AtTime():
            return _VERSION_MAX, moment.until_ms, INTEGER_MAX
        case AtPosition():
            return _VERSION_MAX, INTEGER_MAX, moment.position


def _is_of(row: Any, moment: Moment) -> bool:
    """Whether there is as late a version as is asked for."""
    return not isinstance(moment, AtVersion) or row["version"] == moment.version


def _is_answered(row: Any) -> bool:
    """Whether there is a document, and it is what the log says was answered."""
    if row["document"] is None:
        return False
    try:
        recorded = _answered.decode(row["body"]).document
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return recorded == document_digest(row["document"])

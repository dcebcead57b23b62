"""Reading the log: streams, the log in order, answers to repeated requests; and the small tables beside it.

Events are written by the appender alone.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import asyncpg

from ledger.batch import Answer
from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site, StreamId, Version
from ledger.limits import INVOICE_CREDIT_NOTES_MAX, LOG_PAGE_EVENTS
from ledger.sql import query

_FROM_THE_START: Mapping[StreamId, int] = {}
_VERSION_MAX = 2**31 - 1


class Store:
    """Reads of the log through a pool of connections.

    Database errors pass through: the callers know what an outage means for them.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def load_streams(
        self, site: Site, streams: Iterable[StreamId], *, after: Mapping[StreamId, int] = _FROM_THE_START
    ) -> dict[StreamId, list[RecordedEvent]]:
        """The events of each stream in order, behind a version where one is given; none for one that is not there."""
        wanted = list(dict.fromkeys(streams))
        rows = await self._pool.fetch(query("load_streams"), site, wanted, [after.get(each, 0) for each in wanted])
        found: defaultdict[StreamId, list[RecordedEvent]] = defaultdict(list)
        for row in rows:
            found[row["stream"]].append(recorded(row))
        return found

    async def load_stream_until(self, site: Site, stream: StreamId, version: int) -> list[RecordedEvent]:
        """The events of one stream up to a version; all of them where it has not come so far."""
        rows = await self._pool.fetch(query("load_stream_until"), site, stream, min(version, _VERSION_MAX))
        return [recorded(row) for row in rows]

    async def stream_exists(self, site: Site, stream: StreamId) -> bool:
        """Whether anything ever happened in the stream."""
        return bool(await self._pool.fetchval(query("stream_exists"), site, stream))

    async def read_log(self, site: Site, *, after: Position, limit: int = LOG_PAGE_EVENTS) -> list[RecordedEvent]:
        """Events of the site behind a position, in order, at most ``limit``."""
        rows = await self._pool.fetch(query("read_log"), site, after, limit)
        return [recorded(row) for row in rows]

    async def events_at(self, site: Site, positions: Sequence[Position]) -> list[RecordedEvent]:
        """The events at these positions, in the order in which they were asked for; positions that are not there
        are left out.
        """
        rows = await self._pool.fetch(query("events_at"), site, positions) if positions else []
        found = {row["position"]: recorded(row) for row in rows}
        return [found[position] for position in positions if position in found]

    async def leaf_at(self, site: Site, position: Position) -> bytes | None:
        """The leaf of the event at a position; None where the log does not have it."""
        leaf: bytes | None = await self._pool.fetchval(query("leaf_at"), site, position)
        return leaf

    async def find_event(self, site: Site, event_id: str) -> RecordedEvent | None:
        """The event with an id."""
        row = await self._pool.fetchrow(query("find_event_by_id"), site, event_id)
        found = await self.events_at(site, [row["position"]]) if row else []
        return found[0] if found else None

    async def head_position(self, site: Site) -> Position | None:
        """The last position of the site, 0 before its first event; None for an unknown site."""
        position = await self._pool.fetchval(query("head_position"), site)
        return None if position is None else Position(position)

    async def find_answer(self, site: Site, key: str, now_ms: int) -> Answer | None:
        """The answer that was given to an idempotency key within its window."""
        return (await self.find_answers(site, [key], now_ms)).get(key)

    async def find_answers(self, site: Site, keys: Collection[str], now_ms: int) -> dict[str, Answer]:
        """The answers that were given to idempotency keys within their window, by key."""
        rows = await self._pool.fetch(query("find_answers"), site, list(keys), now_ms)
        return {row["key"]: Answer(**row) for row in rows}

    async def forget_answers(self, now_ms: int, limit: int) -> int:
        """Delete answers whose window has passed, at most ``limit``; returns how many."""
        return int((await self._pool.execute(query("forget_answers"), now_ms, limit)).split()[-1])

    async def reserve_number(self, site: Site, series: str, start: int, count: int = 1) -> int:
        """The first of the next ``count`` numbers of a series, from ``start``; one may still turn out to be taken,
        which the append tells.
        """
        return int(await self._pool.fetchval(query("reserve_number"), site, series, start, count))

    async def document_number_owner(self, site: Site, number: str) -> str | None:
        """Id of the order with this document number, deleted ones included."""
        owner: str | None = await self._pool.fetchval(query("document_number_owner"), site, number)
        return owner

    async def order_ids_of_invoice(self, site: Site, invoice_id: str) -> list[str]:
        """Ids of all orders of an invoice, deleted ones included, the oldest first."""
        return [row["id"] for row in await self._pool.fetch(query("invoice_orders"), site, invoice_id)]

    async def credit_note_ids_of_invoice(self, site: Site, invoice_id: str) -> list[str]:
        """Ids of the credit notes that were noted for an invoice, at most as many as an invoice may list."""
        rows = await self._pool.fetch(query("invoice_credit_notes"), site, invoice_id, INVOICE_CREDIT_NOTES_MAX)
        return [row["credit_note_id"] for row in rows]

    async def note_credit_note(self, site: Site, invoice_id: str, credit_note_id: str) -> None:
        """Remember that a credit note was made for an invoice; nothing happens when it is known."""
        await self._pool.execute(query("note_invoice_credit_note"), site, invoice_id, credit_note_id)

    async def note_subscriptions(self, site: Site, invoice_id: str, subscription_ids: Sequence[str]) -> None:
        """Remember which subscriptions share an invoice; nothing happens with those that are known."""
        await self._pool.execute(query("note_invoice_subscriptions"), site, invoice_id, subscription_ids)

    async def note_business_entity(self, site: Site, business_entity_id: str) -> None:
        """Remember a business entity that an invoice names; nothing happens when it is known."""
        await self._pool.execute(query("note_business_entity"), site, business_entity_id)

    async def business_entity_exists(self, site: Site, business_entity_id: str) -> bool:
        """Whether an invoice of the site has ever named the business entity."""
        return bool(await self._pool.fetchval(query("business_entity_exists"), site, business_entity_id))


def recorded(row: asyncpg.Record) -> RecordedEvent:
    """An event from a row of the log with all its columns but the site."""
    return RecordedEvent(
        stream=StreamId(row["stream"]),
        version=Version(row["version"]),
        type=row["type"],
        recorded_at=row["recorded_at"],
        event_id=row["event_id"],
        leaf=row["leaf"],
        body=row["body"],
        position=Position(row["position"]),
    )

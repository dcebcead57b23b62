"""Commands as the appender gets them, made without the domain: what is tested here is the log."""

import asyncio
from collections.abc import Iterable

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ledger.batch import Answer, Append, NumberGiven, OrderRow, Outcome, append_arguments, outcomes_of
from ledger.envelope import EventMapper, Metadata, SealedEvent
from ledger.events import OrderChanges, OrderUpdated
from ledger.ids import IdSource, Site, StreamId, order_stream, system_clock_ms
from ledger.sql import query
from tests.log.waiting import PATIENCE_S

_ids = IdSource()
_mapper = EventMapper()
_METADATA = Metadata(
    actor="tester",
    actor_kind="api_key",
    source="api",
    request_id="req_1",
    correlation_id="req_1",
    causation_id="req_1",
)

HOUR_MS = 3_600_000


def event(site: Site, stream: StreamId | str, version: int, *, note: str = "") -> SealedEvent:
    """An event with an id of its own; the streams of these tests are not folded."""
    return _mapper.seal(
        OrderUpdated(
            originator_id=stream,
            originator_version=version,
            timestamp=system_clock_ms(),
            changes=OrderChanges(note=note),
        ),
        site=site,
        event_id=_ids.event_id(live=False),
        previous=None,
        metadata=_METADATA,
    )


def append(
    site: Site,
    *places: tuple[StreamId | str, int],
    rows: Iterable[OrderRow] = (),
    numbers: Iterable[NumberGiven] = (),
    answer: Answer | None = None,
    note: str = "",
) -> Append:
    """A command that adds one event at each place, a stream and a version."""
    return Append(
        site=site,
        events=tuple(event(site, stream, version, note=note) for stream, version in places),
        rows=tuple(rows),
        numbers=tuple(numbers),
        answer=answer,
    )


def order_append(
    site: Site, order_id: str, version: int = 1, *, document_number: str | None = None, answer: Answer | None = None
) -> Append:
    """A command on one order, with its row of the view."""
    shown = row(order_id, version, document_number=document_number)
    return append(site, (order_stream(order_id), version), rows=[shown], answer=answer)


def row(order_id: str, version: int, *, document_number: str | None = None) -> OrderRow:
    """A row of the order view."""
    return OrderRow(
        stream=order_stream(order_id),
        id=order_id,
        version=version,
        deleted=False,
        status="queued",
        order_type="manual",
        invoice_id="inv_1",
        subscription_id=None,
        original_order_id=None,
        document_number=document_number,
        business_entity_id=None,
        resent_status=None,
        is_resent=False,
        created_at=1,
        updated_at=version,
        order_date=None,
        shipping_date=None,
        shipped_at=None,
        paid_on=None,
        document=b'{"id":"%s","version":%d}' % (order_id.encode(), version),
    )


def answer(key: str, *, body: bytes = b"{}", now_ms: int | None = None, lasts_ms: int = HOUR_MS) -> Answer:
    """An idempotent answer."""
    now_ms = system_clock_ms() if now_ms is None else now_ms
    return Answer(key=key, digest=bytes(32), status=200, body=body, expires_at=now_ms + lasts_ms)


async def append_batch(
    connection: "asyncpg.Pool | asyncpg.Connection | PoolConnectionProxy", *batch: Append, now_ms: int | None = None
) -> list[Outcome]:
    """Call the append function once, as the appender does."""
    arguments = append_arguments(batch[0].site, system_clock_ms() if now_ms is None else now_ms, batch)
    return outcomes_of(batch, await connection.fetch(query("append"), *arguments))


async def positions(pool: asyncpg.Pool, site: Site) -> list[int]:
    """Every position of the site's log."""
    rows = await pool.fetch("SELECT position FROM ledger.event WHERE site = $1 ORDER BY position", site)
    return [each["position"] for each in rows]


async def streams(pool: asyncpg.Pool, site: Site) -> list[tuple[str, int]]:
    """Stream and version of every event, in the order of the log."""
    rows = await pool.fetch("SELECT stream, version FROM ledger.event WHERE site = $1 ORDER BY position", site)
    return [(each["stream"], each["version"]) for each in rows]


async def head(pool: asyncpg.Pool, site: Site) -> int:
    """The last position as the site's head has it."""
    return int(await pool.fetchval("SELECT position FROM ledger.head WHERE site = $1", site))


async def transactions(owner: asyncpg.Connection, site: Site) -> list[int]:
    """How many events each transaction has written, in the order of the log."""
    rows = await owner.fetch(
        "SELECT count(*) AS events FROM ledger.event WHERE site = $1 GROUP BY xmin::text ORDER BY min(position)", site
    )
    return [each["events"] for each in rows]


async def until_blocked(owner: "asyncpg.Connection | PoolConnectionProxy") -> list[int]:
    """Wait until a backend waits for the connection's locks; returns the pids of all that do."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            # Within a transaction a session would see the same list of backends for ever.
            await owner.execute("SELECT pg_stat_clear_snapshot()")
            rows = await owner.fetch(
                "SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if rows:
                return [each["pid"] for each in rows]
            await asyncio.sleep(0.005)

"""How fast a long log is verified and an event of it proven: `python -m ops.bench.verify`.

Events of a few updates to each of many orders are written straight into the table, signed by the checkpointer, verified
from the first one on, and proven one by one. Processor time counts beside the clock: others may use the machine.
"""

import asyncio
import contextlib
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from ledger.consumer import catch_up
from ledger.envelope import EventMapper, Metadata
from ledger.events import OrderChanges, OrderUpdated
from ledger.ids import Site
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.audit_evidence import gather
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ledger.transparency.log_audit import LogAudit
from ledger.transparency.proofs import Proofs
from ledger.transparency.signing_keys import KeyFolder
from ops.bench.cpu import worked_ms
from ops.database import Address, as_owner, bring_up_to_date, service_pool
from ops.embedded import EmbeddedPostgres, Role

SITE = Site("bench")
EVENTS_OF_AN_ORDER = 5
PROOFS = 300
_COLUMNS = ("site", "position", "stream", "version", "type", "recorded_at", "event_id", "leaf", "body")
_METADATA = Metadata(
    actor="bench",
    actor_kind="api_key",
    source="api",
    request_id="req_bench",
    correlation_id="req_bench",
    causation_id="req_bench",
    origin_user="ann@example.com",
    method="POST",
    path="/api/v2/orders/order_00000001",
)
_mapper = EventMapper()


def log_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """A log of so many events; those of an order are far apart, as they are in life."""
    orders = -(-count // EVENTS_OF_AN_ORDER)
    last: dict[int, bytes] = {}
    for index in range(count):
        version, number = divmod(index, orders)
        event = OrderUpdated(
            originator_id=f"order-order_{number:08}",
            originator_version=version + 1,
            timestamp=1_700_000_000_000 + index,
            changes=OrderChanges(note="x" * 200, tracking_id=f"track_{index}", shipment_carrier="carrier"),
        )
        sealed = _mapper.seal(
            event, site=SITE, event_id=f"ev_{index:012}", previous=last.get(number), metadata=_METADATA
        )
        last[number] = sealed.leaf
        yield (
            SITE,
            index + 1,
            sealed.stream,
            sealed.version,
            sealed.type,
            sealed.recorded_at,
            sealed.event_id,
            sealed.leaf,
            sealed.body,
        )


async def fill(address: Address, count: int) -> None:
    """Make the site and its log."""
    async with as_owner(address) as owner:
        await owner.execute("INSERT INTO ledger.site (site, live, created_at) VALUES ($1, false, 0)", SITE)
        await owner.execute("INSERT INTO ledger.head (site, position) VALUES ($1, $2)", SITE, count)
        await owner.copy_records_to_table("event", schema_name="ledger", columns=_COLUMNS, records=log_rows(count))
        await owner.execute("VACUUM (ANALYZE) ledger.event")


async def measure(address: Address, folder: Path, count: int) -> list[tuple[str, str]]:
    """What each step took."""
    keys, anchors = KeyFolder(folder / "keys"), AnchorFiles(folder / "anchors")
    keys.prepare("bench", new_name=lambda: "bench")
    async with service_pool(address) as pool:
        began = time.perf_counter()
        await catch_up(pool, Checkpointer(keys, ForkGuard(keys, anchors)), SITE)
        signed = f"{count / (time.perf_counter() - began):,.0f} events/s"
        verified = await _verify(pool, keys, anchors, count)
        proofs = Proofs(pool, keys)
        positions = [1 + place * count // PROOFS for place in range(PROOFS)]
        return [
            ("tiles built and signed", signed),
            *verified,
            ("inclusion proof", await _timed(lambda position: proofs.inclusion(SITE, position), positions)),
            ("proof file of an event", await _timed(lambda position: proofs.event(SITE, position=position), positions)),
        ]


async def _verify(pool: asyncpg.Pool, keys: KeyFolder, anchors: AnchorFiles, count: int) -> list[tuple[str, str]]:
    evidence = gather(SITE, keys, anchors)
    peaks: list[int] = []
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        server, worked, began = worked_ms(pid), time.process_time(), time.perf_counter()
        audit = await LogAudit(connection, SITE, evidence, on_progress=lambda *_: peaks.append(_peak_mb())).run()
        seconds, own = time.perf_counter() - began, time.process_time() - worked
        served = (worked_ms(pid) - server) / 1000
    assert audit.fault is None, audit.fault.sentence
    assert audit.events == count
    tenth = peaks[len(peaks) // 10]
    return [
        ("verified", f"{count / seconds:,.0f} events/s in {seconds:.1f} s"),
        ("processor time", f"{own * 1e6 / count:.1f} µs an event here, {served * 1e6 / count:.1f} µs in the database"),
        ("memory at its highest", f"{tenth} MB after a tenth, {peaks[-1]} MB at the end"),
    ]


async def _timed(prove: Callable[[int], Awaitable[object]], positions: Sequence[int]) -> str:
    times = []
    worked = time.process_time()
    for position in positions:
        began = time.perf_counter()
        await prove(position)
        times.append((time.perf_counter() - began) * 1000)
    own = (time.process_time() - worked) * 1000 / len(positions)
    fastest, median, slowest = min(times), statistics.median(times), max(times)
    return f"{fastest:.1f} to {slowest:.1f} ms, median {median:.1f} ms; processor time here {own:.1f} ms"


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(
    count: Annotated[int, typer.Option("--events", help="Events of the log.")] = 1_000_000,
) -> None:
    """Measure verification and proofs on a log of so many events."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(folder / "postgres", role=Role.SERVICE))
        address = Address.embedded(postgres)
        asyncio.run(bring_up_to_date(address))
        asyncio.run(fill(address, count))
        for name, value in asyncio.run(measure(address, folder, count)):
            print(f"{name:<24} {value}")  # noqa: T201


if __name__ == "__main__":
    typer.run(main)

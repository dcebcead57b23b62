"""What the indexes of the lists cost whoever writes orders: `python -m ops.bench.inserts --help`.

New orders and changes of them go through the appender, sixty-four at once, so that they share commits, into a copy of
the same database for each set of indexes. What counts is the server's work and its log for one order: how many orders
fit into a second depends on what else the machine does.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress

from ledger.appender import Appender
from ledger.batch import Append, Outcome
from ledger.envelope import EventMapper, Metadata
from ledger.events import OrderCreated, OrderFacts
from ledger.ids import IdSource, order_stream
from ledger.order import Order
from ledger.vocabulary import OrderStatus, OrderType
from ops.bench.cpu import worked_ms
from ops.bench.orders import DAY_S, END_S, orders
from ops.bench.scratch import SITE, copied_database, filled_database
from ops.database import Address, as_owner, service_pool
from ops.embedded import EmbeddedPostgres, Role
from projections.order_row import order_row

CLIENTS = 64
WARM_UP = 2_000
# No checkpoint in the middle: after one, each page is written to the log whole once more.
SETTINGS = {"checkpoint_timeout": "1h", "max_wal_size": "20GB"}

# Which indexes a set lacks, as patterns of names.
SETS: dict[str, tuple[str, ...]] = {
    "all": (),
    "all but status": ("order_view_list_status_%",),
    "all but type": ("order_view_list_type",),
    "all but subscription, original, resent": (
        "order_view_list_subscription",
        "order_view_list_original",
        "order_view_list_resent%",
    ),
    "all but business entity": ("order_view_list_entity_%",),
    "all but updates by period of creation": ("order_view_period_updated",),
    "all but creation by period of updates": ("order_view_update_period",),
    "all but updates of rare statuses by period": ("order_view_status_period_updated",),
    "all but the other four times by period": (
        "order_view_period_order_date",
        "order_view_period_ship%",
        "order_view_period_paid_on",
    ),
    "those that commands need": (
        "order_view_list_%",
        "order_view_period_%",
        "order_view_status_period_updated",
        "order_view_update_period",
        "order_view_by_invoice",
    ),
}

_METADATA = Metadata(
    actor="bench",
    actor_kind="api_key",
    source="api",
    request_id="req_bench",
    correlation_id="req_bench",
    causation_id="req_bench",
)
_mapper = EventMapper()
_ids = IdSource()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one write: the server's work in microseconds, and bytes of its log."""

    work_us: float
    log_bytes: float

    def __str__(self) -> str:
        return f"{self.work_us:.0f} / {self.log_bytes:,.0f}"


def new_orders(count: int, order_type: OrderType) -> Iterator[Order]:
    """Orders created behind those that a database was filled with, fifty a second, as they are when they are made."""
    found = (order for order in orders(9 * count) if order.order_type is order_type)
    for number, order in enumerate(islice(found, count)):
        created_at = END_S + number // 50
        shift_s = created_at - order.created_at
        yield replace(
            order,
            id=f"new_{order_type}_{number:08}",
            version=1,
            status=OrderStatus.QUEUED,
            invoice_id=f"inv_new_{number:07}",
            created_at=created_at,
            resource_version=created_at * 1000,
            order_date=_shifted(order.order_date, shift_s),
            shipping_date=_shifted(order.shipping_date, shift_s),
            paid_on=_shifted(order.paid_on, shift_s),
            shipped_at=None,
            deleted=False,
        )


def changed(order: Order) -> Order:
    """The order a day later."""
    at = order.created_at + DAY_S
    return replace(order, version=2, status=OrderStatus.SHIPPED, shipped_at=at, resource_version=at * 1000)


def write_of(order: Order) -> Append:
    """What a command writes that leaves the order as it is here."""
    facts = OrderFacts(**{name: getattr(order, name) for name in OrderFacts.__struct_fields__})
    event = OrderCreated(
        originator_id=order_stream(order.id),
        originator_version=order.version,
        timestamp=order.resource_version,
        order=facts,
    )
    sealed = _mapper.seal(event, site=SITE, event_id=_ids.event_id(live=False), previous=None, metadata=_METADATA)
    return Append(site=SITE, events=(sealed,), rows=(order_row(order),))


async def cost_of(pool: asyncpg.Pool, writes: Sequence[Append]) -> Cost:
    """Write all of these, sharing commits. The pool has one connection, whose process is watched."""
    pid = await pool.fetchval("SELECT pg_backend_pid()")
    log_start = await pool.fetchval("SELECT pg_current_wal_insert_lsn()")
    worked = worked_ms(pid)
    await _write(pool, writes)
    work_ms = worked_ms(pid) - worked
    log_bytes = await pool.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1)", log_start)
    return Cost(work_ms * 1000 / len(writes), float(log_bytes) / len(writes))


async def _write(pool: asyncpg.Pool, writes: Sequence[Append]) -> None:
    appender = Appender(pool)
    waiting = iter(writes)

    async def client() -> None:
        for each in waiting:
            outcome = await appender.append(each)
            assert outcome is Outcome.APPENDED, outcome

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await appender.close()


async def measure(address: Address, lacking: tuple[str, ...], count: int) -> dict[str, Cost]:
    """What creating and changing orders of both types costs without these indexes, by kind of write."""
    await _prepare(address, lacking)
    costs = {}
    async with service_pool(address, size_max=1) as pool:
        warming = (replace(order, id=f"warm_{order.id}") for order in new_orders(WARM_UP, OrderType.MANUAL))
        await _write(pool, list(map(write_of, warming)))
        async with as_owner(address) as owner:
            # A log that was empty a moment ago is planned for as an empty one until its statistics follow.
            await owner.execute("ANALYZE")
        for order_type in OrderType:
            made = list(new_orders(count, order_type))
            costs[f"create {order_type}"] = await cost_of(pool, list(map(write_of, made)))
            costs[f"change {order_type}"] = await cost_of(pool, [write_of(changed(order)) for order in made])
    return costs


async def _prepare(address: Address, lacking: tuple[str, ...]) -> None:
    async with as_owner(address) as owner:
        names = await owner.fetch(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'order_view' AND indexname LIKE ANY ($1)", lacking
        )
        for row in names:
            await owner.execute(f"DROP INDEX ledger.{row['indexname']}")
        await owner.execute("INSERT INTO ledger.site (site, live, created_at) VALUES ($1, false, 0)", SITE)
        await owner.execute("INSERT INTO ledger.head (site) VALUES ($1)", SITE)
        await owner.execute("ALTER TABLE ledger.order_view SET (autovacuum_enabled = off)")
        await owner.execute("CHECKPOINT")


async def measure_all(
    postgres: EmbeddedPostgres, total: int, count: int, progress: Progress
) -> dict[str, dict[str, Cost]]:
    """The costs with every set of indexes on a database of so many orders, by set and kind of write."""
    filling = progress.add_task(f"filling {total:,} orders", total=total)
    filled = await filled_database(postgres, total, lambda done: progress.update(filling, completed=done))
    costs = {}
    for name, lacking in progress.track(SETS.items(), description="writing"):
        async with copied_database(filled) as copy:
            costs[name] = await measure(copy, lacking, count)
    return costs


def table(costs: dict[str, dict[str, Cost]]) -> str:
    """The result in Markdown."""
    kinds = list(costs["all"])
    lines = [f"| indexes | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for name, by_kind in costs.items():
        lines.append(f"| {name} | {' | '.join(str(by_kind[kind]) for kind in kinds)} |")
    return "\n".join(lines)


def main(
    orders_before: Annotated[int, typer.Option("--orders", help="Orders that are there before.")] = 1_000_000,
    count: Annotated[int, typer.Option(help="Orders of each type to create, and then to change.")] = 5_000,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the filled database in, for the next run.")] = None,
) -> None:
    """Measure what each group of indexes costs whoever writes.

    Starts a PostgreSQL of its own, fills a database (a million orders take about three minutes), and for each set of
    indexes writes orders to a copy of it. Prints a table in Markdown: processor time of the server in microseconds and
    bytes of its log, for one order. With --keep the folder may be that of ops.bench.lists.
    """
    with contextlib.ExitStack() as stack:
        state = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(state / "postgres", role=Role.SERVICE, settings=SETTINGS))
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        costs = asyncio.run(measure_all(postgres, orders_before, count, progress))
    typer.echo(table(costs))


def _shifted(time_s: int | None, by_s: int) -> int | None:
    return None if time_s is None else time_s + by_s


if __name__ == "__main__":
    typer.run(main)

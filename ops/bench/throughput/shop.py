"""A database with many orders, written straight into its tables: each order with the event that it was born by."""

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from ledger.batch import OrderRow
from ledger.envelope import EventMapper, Metadata, SealedEvent
from ledger.events import OrderCreated, OrderFacts, OrderImported
from ledger.ids import Site, order_stream
from ledger.order import evolve
from ledger.vocabulary import OrderType
from ops.bench.orders import orders
from ops.bench.past_database import write_log
from ops.bench.throughput.databases import address_of, create_database, owner_of
from ops.bench.throughput.failure import BenchFailed
from ops.database import as_owner
from ops.embedded import EmbeddedPostgres
from ops.migrations import migrate
from ops.quickstart import SITE
from projections.order_row import order_row

_METADATA = Metadata(
    actor="backend",
    actor_kind="api_key",
    source="api",
    request_id="req_0OwQ0CZ4wmVt3aYbK",
    correlation_id="req_0OwQ0CZ4wmVt3aYbK",
    causation_id="req_0OwQ0CZ4wmVt3aYbK",
    method="POST",
    path="/api/v2/orders",
)
_COUNT = "SELECT count(*) FROM ledger.order_view"


async def fill_shop(postgres: EmbeddedPostgres, database: str, size: int, on_orders: Callable[[int], None]) -> None:
    """Make a database with so many orders of the quick start's site, unless it is there already.

    Args:
        on_orders: called now and then with the number of orders that are in.

    Raises:
        BenchFailed: it is there, but an earlier run was ended while it was filled.
    """
    owner = owner_of(postgres, database)
    await create_database(owner)
    async with as_owner(address_of(owner)) as connection:
        await migrate(connection)
        found = await connection.fetchval(_COUNT)
        if 0 < found < size:
            raise BenchFailed(f"{database} was left half filled, with {found:,} orders: remove its folder")
        if not found:
            written = 0

            def count(more: int) -> None:
                nonlocal written
                written += more
                on_orders(written)

            await write_log(connection, Site(SITE), births(size), on_orders=count)
            await connection.execute("VACUUM (ANALYZE)")
    on_orders(size)


def births(size: int) -> Iterator[tuple[SealedEvent, OrderRow]]:
    """The orders of a shop in the order of their creation, each with one event that makes it what it is."""
    mapper = EventMapper()
    for made in orders(size):
        order = replace(made, version=1, resource_version=made.created_at * 1000)
        birth = OrderCreated if order.order_type is OrderType.MANUAL else OrderImported
        event = birth(
            originator_id=order_stream(order.id),
            originator_version=1,
            timestamp=order.resource_version,
            order=OrderFacts(**{name: getattr(order, name) for name in OrderFacts.__struct_fields__}),
        )
        row = order_row(evolve(None, event))
        sealed = mapper.seal(
            event,
            site=Site(SITE),
            event_id=f"ev_{order.id}",
            previous=None,
            metadata=_METADATA,
            document=row.document,
        )
        yield sealed, row

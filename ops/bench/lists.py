"""What a page of a list costs at many orders, beside the same page at few: `python -m ops.bench.lists --help`.

Every likely page is read as the service reads it, through one connection, now from the small database and now from
the large one, so that whatever else the machine does falls on both.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from ops.bench.cpu import worked_ms
from ops.bench.pages import LikelyPage, likely_pages
from ops.bench.scratch import SITE, filled_database
from ops.database import service_pool
from ops.embedded import EmbeddedPostgres, Role
from projections.listing import OrderQuery, PageStart, Sort
from projections.orders import OrderViews, is_cut, page_statements

RATIO_MAX = 3.0
ROUNDS = 51


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one page: orders on it, statements run for it, 8 KiB blocks that these looked at, and median times.

    ``wall_ms`` is what the caller waits for, ``server_ms`` the processor time of the server's process, which other
    work on the machine hardly lengthens; 0 where the system does not tell it.
    """

    orders: int
    statements: int
    blocks: int
    wall_ms: float
    server_ms: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A page at few orders and at many."""

    name: str
    small: Cost
    large: Cost

    @property
    def is_same(self) -> bool:
        """Whether both pages show about as many orders: one of a few cannot be compared with one of a hundred."""
        return 2 * self.small.orders >= self.large.orders

    @property
    def ratio(self) -> float:
        """How many times dearer the page is at many orders, by the server's time or, without it, by the caller's."""
        if self.small.server_ms:
            return self.large.server_ms / self.small.server_ms
        return self.large.wall_ms / self.small.wall_ms


class Database:
    """One of the two sizes."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._views = OrderViews(pool)

    async def times_ms(self, query: OrderQuery) -> tuple[float, float]:
        """The caller's time of one page, and the server's."""
        pid = await self._pool.fetchval("SELECT pg_backend_pid()")
        worked, started = worked_ms(pid), time.perf_counter()
        await self._views.page(SITE, query)
        return (time.perf_counter() - started) * 1000, worked_ms(pid) - worked

    async def cost(self, query: OrderQuery, times_ms: Sequence[tuple[float, float]]) -> Cost:
        """What a page costs whose times are known."""
        statements = blocks = 0
        for statement in page_statements(SITE, query):
            explained = await self._pool.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.text}", *statement.arguments
            )
            plan: dict[str, Any] = msgspec.json.decode(explained)[0]["Plan"]
            blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            statements += 1
            if not is_cut(statement, await self._pool.fetch(statement.text, *statement.arguments)):
                break
        page = await self._views.page(SITE, query)
        wall_ms, server_ms = map(statistics.median, zip(*times_ms, strict=True))
        return Cost(len(page.documents), statements, blocks, wall_ms, server_ms)

    async def query(self, page: LikelyPage) -> OrderQuery:
        """The query of a page, with the place where it starts."""
        if not page.is_half_way:
            return page.query
        ends = [await self._first_value(page.query, descending) for descending in (False, True)]
        return replace(page.query, start=PageStart(sum(ends) // 2, ""))

    async def _first_value(self, query: OrderQuery, descending: bool) -> int:
        found = await self._views.page(SITE, replace(query, limit=1, sort=Sort(query.sort.field, descending)))
        value: int = msgspec.json.decode(found.documents[0])[query.sort.field]
        return value


async def compare(small: Database, large: Database, page: LikelyPage) -> Comparison:
    """Measure a page in both sizes."""
    databases = (small, large)
    queries = [await each.query(page) for each in databases]
    rounds = [
        [await each.times_ms(query) for each, query in zip(databases, queries, strict=True)] for _ in range(ROUNDS)
    ]
    costs = [
        await each.cost(query, times)
        for each, query, times in zip(databases, queries, zip(*rounds, strict=True), strict=True)
    ]
    return Comparison(page.name, *costs)


async def compare_all(postgres: EmbeddedPostgres, orders: int, against: int, progress: Progress) -> list[Comparison]:
    """Fill both databases and compare every likely page."""
    async with _database(postgres, against, progress) as small, _database(postgres, orders, progress) as large:
        pages = list(likely_pages())
        return [await compare(small, large, page) for page in progress.track(pages, description="reading pages")]


@contextlib.asynccontextmanager
async def _database(postgres: EmbeddedPostgres, total: int, progress: Progress) -> AsyncIterator[Database]:
    task = progress.add_task(f"filling {total:,} orders", total=total)
    address = await filled_database(postgres, total, lambda done: progress.update(task, completed=done))
    async with service_pool(address, size_max=1) as pool:
        yield Database(pool)


def table(compared: Iterable[Comparison]) -> str:
    """Pages in Markdown, those that grew the most first."""
    lines = [
        "| page of 100 | orders on it | statements | blocks | caller ms | server ms | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in sorted(compared, key=lambda each: -each.ratio):
        small, large = each.small, each.large
        lines.append(
            f"| `{each.name}` | {small.orders} → {large.orders} | {small.statements} → {large.statements} "
            f"| {small.blocks:,} → {large.blocks:,} | {small.wall_ms:.2f} → {large.wall_ms:.2f} "
            f"| {small.server_ms:.2f} → {large.server_ms:.2f} | {each.ratio:.1f} |"
        )
    return "\n".join(lines)


def report(compared: list[Comparison]) -> str:
    """The pages that show about as many orders in both databases, against the bound, and the others."""
    same = [each for each in compared if each.is_same]
    others = [each for each in compared if not each.is_same]
    within = sum(each.ratio <= RATIO_MAX for each in same)
    return "\n\n".join(
        [
            table(same),
            f"{within} of these {len(same)} pages cost at most {RATIO_MAX:g} times as much at many orders.",
            "Pages that show more than twice as many orders there, and cost more for that:",
            table(others),
        ]
    )


def main(
    orders: Annotated[int, typer.Option(help="Orders in the large database.")] = 1_000_000,
    against: Annotated[int, typer.Option(help="Orders in the small one.")] = 10_000,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the filled databases in, for the next run.")] = None,
) -> None:
    """Compare what pages of 100 cost the server in a database with many orders and in one with few.

    Starts a PostgreSQL of its own, fills both databases (a million orders take about three minutes), and reads every
    page of ops/bench/pages.py from both in turn. Prints a table in Markdown: orders on the page, statements that it
    took, blocks of 8 KiB that these looked at, the caller's time and the processor time of the server, few → many.
    The ratio is that of the processor times, which other work on the machine hardly lengthens. Ends with 1 if a page
    that shows about as many orders in both costs more than three times as much.
    """
    with contextlib.ExitStack() as stack:
        state = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(state / "postgres", role=Role.SERVICE))
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        compared = asyncio.run(compare_all(postgres, orders, against, progress))
    typer.echo(report(compared))
    if any(each.is_same and each.ratio > RATIO_MAX for each in compared):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

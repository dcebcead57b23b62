"""What a page of a list of the past costs beside the same page of the present: `python -m ops.bench.past_lists --help`.

Both are read as the service reads them, through one connection, in turn, so that whatever else the machine does falls
on both.
"""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from ops.bench.cpu import worked_ms
from ops.bench.orders import END_S, START_S
from ops.bench.pages import LikelyPage, likely_pages
from ops.bench.past_database import past_database
from ops.bench.scratch import SITE
from ops.database import service_pool
from ops.embedded import EmbeddedPostgres, Role
from projections.history.moments import AtPosition, AtTime
from projections.listing import OrderQuery, PageStart
from projections.orders import OrderPage, OrderViews
from projections.past.cut import ListMoment
from projections.past.lists import PastLists

RATIO_MAX = 5.0
ROUNDS = 5
_LIVES = ["short", "long"]

# So much of the two years is over at each moment; the last one is an hour before their end.
MOMENTS = {"old": 0.15, "middle": 0.5, "recent": 1 - 3600 / (END_S - START_S)}


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one page: orders on it, 8 KiB blocks that its statements looked at, and median times.

    ``wall_ms`` is what the caller waits for, ``server_ms`` and ``client_ms`` are processor times of the database's
    process and of ours, which other work on the machine hardly lengthens.
    """

    orders: int
    blocks: int
    wall_ms: float
    server_ms: float
    client_ms: float

    @property
    def worked_ms(self) -> float:
        """Processor time on both sides."""
        return self.server_ms + self.client_ms


@dataclass(frozen=True, slots=True)
class Comparison:
    """A page now and at a moment."""

    lives: str
    moment: str
    name: str
    present: Cost
    past: Cost

    @property
    def is_same(self) -> bool:
        """Whether both pages show as many orders: else the page of the past is another page."""
        return self.present.orders == self.past.orders

    @property
    def ratio(self) -> float:
        """How many times dearer the past is, by processor time."""
        return self.past.worked_ms / self.present.worked_ms


class Shop:
    """A database of the benchmark."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._views = OrderViews(pool)
        self._past = PastLists(pool)

    async def compare(self, lives: str, page: LikelyPage, name: str, moment: ListMoment) -> Comparison:
        """Measure a page now and at a moment."""
        present = self._half_way(page, END_S)
        past = self._half_way(page, int(START_S + MOMENTS[name] * (END_S - START_S)))
        ways = (lambda: self._views.page(SITE, present), lambda: self._past.page(SITE, past, moment))
        rounds = [[await self._times_ms(way) for way in ways] for _ in range(ROUNDS)]
        costs = [await self._cost(way, [each[place] for each in rounds]) for place, way in enumerate(ways)]
        return Comparison(lives, name, page.name, *costs)

    def _half_way(self, page: LikelyPage, until_s: int) -> OrderQuery:
        return replace(page.query, start=PageStart((START_S + until_s) // 2, "")) if page.is_half_way else page.query

    async def _times_ms(self, way: Callable[[], Awaitable[OrderPage]]) -> tuple[float, float, float]:
        pid = await self._pool.fetchval("SELECT pg_backend_pid()")
        server, client, wall = worked_ms(pid), time.process_time(), time.perf_counter()
        await way()
        return (
            (time.perf_counter() - wall) * 1000,
            worked_ms(pid) - server,
            (time.process_time() - client) * 1000,
        )

    async def _cost(self, way: Callable[[], Awaitable[OrderPage]], times_ms: list[tuple[float, float, float]]) -> Cost:
        page, statements = await self._watched(way)
        blocks = 0
        for text, arguments in statements:
            if text.lstrip().upper().startswith(("SELECT", "WITH")):
                explained = await self._pool.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", *arguments)
                plan: dict[str, Any] = msgspec.json.decode(explained)[0]["Plan"]
                blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        wall_ms, server_ms, client_ms = map(statistics.median, zip(*times_ms, strict=True))
        return Cost(len(page.documents), blocks, wall_ms, server_ms, client_ms)

    async def _watched(self, way: Callable[[], Awaitable[OrderPage]]) -> tuple[OrderPage, list[tuple[str, Any]]]:
        """A page, and the statements that were run for it."""
        found: list[tuple[str, Any]] = []

        def note(ran: asyncpg.connection.LoggedQuery) -> None:
            found.append((ran.query, ran.args))

        async with self._pool.acquire() as connection:
            connection.add_query_logger(note)
        page = await way()
        await asyncio.sleep(0)
        async with self._pool.acquire() as connection:
            connection.remove_query_logger(note)
        return page, found


async def moments_of(pool: asyncpg.Pool) -> dict[str, ListMoment]:
    """The moments: two as times, the middle one as a position."""
    found: dict[str, ListMoment] = {}
    for name, share in MOMENTS.items():
        second = int(START_S + share * (END_S - START_S))
        found[name] = AtTime.second(second)
        if name == "middle":
            position = await pool.fetchval(
                "SELECT max(position) FROM ledger.event WHERE site = $1 AND recorded_at <= $2", SITE, second * 1000
            )
            found[name] = AtPosition(position=position)
    return found


async def compare_all(
    postgres: EmbeddedPostgres, orders: int, lives: str, filters: str, progress: Progress
) -> list[Comparison]:
    """Fill a database and compare every likely page at every moment."""
    address = await past_database(postgres, orders, lives, progress)
    async with service_pool(address, size_max=1) as pool:
        shop = Shop(pool)
        work = [
            (page, name, moment)
            for page in likely_pages()
            if filters in page.name
            for name, moment in (await moments_of(pool)).items()
        ]
        return [await shop.compare(lives, *each) for each in progress.track(work, description=f"{lives} lives")]


def table(compared: Iterable[Comparison]) -> str:
    """Pages in Markdown, the dearest first."""
    lines = [
        "| page of 100 | lives | moment | orders | blocks | caller ms | server ms | our ms | ratio |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in sorted(compared, key=lambda each: -each.ratio):
        now, then = each.present, each.past
        lines.append(
            f"| `{each.name}` | {each.lives} | {each.moment} | {now.orders} → {then.orders} "
            f"| {now.blocks:,} → {then.blocks:,} | {now.wall_ms:.2f} → {then.wall_ms:.2f} "
            f"| {now.server_ms:.2f} → {then.server_ms:.2f} | {now.client_ms:.2f} → {then.client_ms:.2f} "
            f"| {each.ratio:.1f} |"
        )
    return "\n".join(lines)


def report(compared: list[Comparison]) -> str:
    """The pages that show as many orders now as then, against the bound, and the others."""
    same = [each for each in compared if each.is_same]
    others = [each for each in compared if not each.is_same]
    within = sum(each.ratio <= RATIO_MAX for each in same)
    return "\n\n".join(
        [
            table(same),
            f"{within} of these {len(same)} pages cost at most {RATIO_MAX:g} times as much as now.",
            "Pages that show another number of orders now:",
            table(others),
        ]
    )


def main(
    orders: Annotated[int, typer.Option(help="Orders in each database.")] = 100_000,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the filled databases in, for the next run.")] = None,
    lives: Annotated[list[str], typer.Option(help="Which lives; may be given several times.")] = _LIVES,
    filters: Annotated[str, typer.Option(help="Only pages whose filters contain this text.")] = "",
) -> None:
    """Compare what pages of 100 cost now and as of a moment of the past: old, middle and recent.

    Starts a PostgreSQL of its own and fills two databases, one whose orders have short lives, and one in which every
    order was changed again at the end; then reads every page of ops/bench/pages.py now and in the past in turn.
    Prints a table in Markdown, now → then. The ratio is that of the processor times of server and service together.
    Ends with 1 if a page that shows as many orders now costs more than five times as much.
    """
    with contextlib.ExitStack() as stack:
        state = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(state / "postgres", role=Role.SERVICE))
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        compared: list[Comparison] = []
        for each in lives:
            compared += asyncio.run(compare_all(postgres, orders, each, filters, progress))
    typer.echo(report(compared))
    if any(each.is_same and each.ratio > RATIO_MAX for each in compared):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)

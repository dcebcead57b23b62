"""How fast views are built again from a long log, and compared with it: `python -m ops.bench.rebuild --help`.

The log is that of ``ops.bench.past_orders``. Each piece of work runs in a process of its own, whose memory is that of
the work alone. Processor time counts beside the clock: others may use the machine.
"""

import asyncio
import contextlib
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress

from ledger.consumer import catch_up
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ops.bench.cpu import family_ms, parent_of
from ops.bench.past_database import past_database
from ops.bench.scratch import SITE
from ops.database import Address, service_pool
from ops.embedded import EmbeddedPostgres, Role
from ops.target import Target
from ops.verification import verify_site
from ops.version_rebuilds.whole import rebuild_all_versions
from projections.changes.index import ChangeIndex
from projections.rebuild.rebuild import Listener, Rebuild


@dataclass(frozen=True, slots=True)
class Bench:
    """A log: its database, and the folder with the keys and anchors of its checkpoints."""

    address: Address
    target: Target


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a piece of work went through a log; processor times are microseconds an event."""

    events: int
    seconds: float
    own_us: float
    server_us: float
    memory: str

    @property
    def events_per_s(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.events_per_s:,.0f} events/s in {self.seconds:.1f} s; {self.own_us:.1f} µs an event here, "
            f"{self.server_us:.1f} µs in the database; {self.memory}"
        )


Look = Callable[[], None]
Work = Callable[[asyncpg.Pool, Bench, Look], Awaitable[int]]
"""Does something with all events, tells now and then that it has come further, and returns how many there were."""


async def rebuild_orders(pool: asyncpg.Pool, _: Bench, look: Look) -> int:
    """Fold all orders and compare them with the order view; nothing differs."""
    report = await Rebuild(pool, SITE, listener=Listener(on_progress=lambda _: look())).run()
    assert report.is_true, report
    return report.events


async def rebuild_versions(pool: asyncpg.Pool, bench: Bench, look: Look) -> int:
    """Fold all orders in two processes and compare their versions with the index of past ones; nothing differs."""
    return await _rebuild_versions(pool, look, bench.address)


async def rebuild_versions_in_one_process(pool: asyncpg.Pool, _: Bench, look: Look) -> int:
    """The same in one."""
    return await _rebuild_versions(pool, look, None)


async def _rebuild_versions(pool: asyncpg.Pool, look: Look, address: Address | None) -> int:
    report = await rebuild_all_versions(pool, SITE, address=address, on_progress=lambda *_: look())
    assert report.is_true, report.differing[:5]
    return report.events


async def make_versions(pool: asyncpg.Pool, bench: Bench, look: Look) -> int:
    """Fold all orders and write their versions and documents, of which there are none."""
    await pool.execute("DELETE FROM ledger.order_version")
    await pool.execute("DELETE FROM ledger.order_version_document")
    report = await rebuild_all_versions(pool, SITE, address=bench.address, on_progress=lambda *_: look())
    assert report.without_document > 0
    return report.events


async def verify(pool: asyncpg.Pool, bench: Bench, look: Look) -> int:
    """Verify the log from its first event on, and compare all views with it in a second process."""
    return await _verify(pool, bench, look, bench.address)


async def verify_in_one_process(pool: asyncpg.Pool, bench: Bench, look: Look) -> int:
    """The same, one after the other."""
    return await _verify(pool, bench, look, None)


async def _verify(pool: asyncpg.Pool, bench: Bench, look: Look, address: Address | None) -> int:
    verified = await verify_site(pool, SITE, bench.target, full=True, address=address, on_progress=lambda *_: look())
    assert verified.audit.fault is None, verified.audit.fault.sentence
    return verified.audit.events


WORK: dict[str, Work] = {
    "order_versions, all written": make_versions,
    "order_versions, compared": rebuild_versions,
    "same, in one process": rebuild_versions_in_one_process,
    "orders, compared": rebuild_orders,
    "verify, all views": verify,
    "verify, in one process": verify_in_one_process,
}


def measured_alone(bench: Bench, name: str) -> Pace:
    """Do a piece of work in a process of its own, and what it took."""
    # A process that was forked would have the memory of this one.
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as alone:
        return alone.submit(measured, bench, name).result()


def measured(bench: Bench, name: str) -> Pace:
    """Do a piece of work, and what it took."""
    return asyncio.run(_measured(bench, WORK[name]))


async def _measured(bench: Bench, work: Work) -> Pace:
    peaks_mb: list[int] = []
    async with service_pool(bench.address, size_max=2) as pool:
        server = parent_of(await pool.fetchval("SELECT pg_backend_pid()"))
        served, own, began = family_ms(server), _own_s(), time.perf_counter()
        events = await work(pool, bench, lambda: peaks_mb.append(_peak_mb()))
        seconds, own_s = time.perf_counter() - began, _own_s() - own
        server_s = (family_ms(server) - served) / 1000
    memory = f"{peaks_mb[len(peaks_mb) // 10]} MB after a tenth, {_peak_mb()} MB at the end{_peak_of_children()}"
    return Pace(events, seconds, own_s * 1e6 / events, server_s * 1e6 / events, memory)


def _own_s() -> float:
    """Processor time of this process, and of those that it has started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _peak_of_children() -> str:
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return f" and {peak_mb} MB in the second process" if peak_mb else ""


async def prepare(bench: Bench) -> None:
    """Let everything that follows the log catch up with it."""
    keys, anchors = bench.target.keys, bench.target.anchors
    keys.prepare("bench", new_name=lambda: "bench")
    async with service_pool(bench.address, size_max=2) as pool:
        await catch_up(pool, Checkpointer(keys, ForkGuard(keys, anchors)), SITE)
        await catch_up(pool, ChangeIndex(), SITE)


def main(
    orders: Annotated[int, typer.Option(help="Orders of the log, which have three or four events each.")] = 100_000,
    lives: Annotated[
        str, typer.Option(help="short or long: whether all orders were changed again at the end.")
    ] = "short",
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the filled database in, for the next run.")] = None,
) -> None:
    """Measure rebuilds of both views, and a verification that compares all of them, on a log of so many orders."""
    with contextlib.ExitStack() as stack:
        state = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(state / "postgres", role=Role.SERVICE))
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        bench = Bench(asyncio.run(past_database(postgres, orders, lives, progress)), Target(state))
        asyncio.run(prepare(bench))
        for name in WORK:
            typer.echo(f"{name:<28} {measured_alone(bench, name)}")


if __name__ == "__main__":
    typer.run(main)

"""What the past costs a caller over HTTP, beside the same of the present: `python -m ops.bench.past_http --help`.

A service of its own is asked for pages of 100 and for single orders, now and as of a moment in turn, through one
connection. A caller waits for the whole of an answer, so keys, forms, records of requests and the answer itself count.
"""

import asyncio
import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from ledger.ids import Site
from ops.bench.orders import orders as made_orders
from ops.bench.pages import query_strings
from ops.bench.past_database import keep_all_documents, past_database, write_log
from ops.bench.past_lists import RATIO_MAX, moments_of
from ops.bench.past_orders import long_life
from ops.bench.scratch import SITE
from ops.bench.served import RequestCost, ServedLedger, served
from ops.database import Address, as_owner, service_pool
from ops.embedded import EmbeddedPostgres, Role
from projections.history.moments import AtPosition
from projections.past.cut import ListMoment

RETRIEVE_RATIO_MAX = 3.0
ROUNDS = 7
_LIVES = ["short", "long"]
_LONG_LIFE = 200


@dataclass(frozen=True, slots=True)
class Ratio:
    """The same request now and of the past. ``is_same`` tells whether both answers show as many orders."""

    name: str
    moment: str
    now: RequestCost
    then: RequestCost
    is_same: bool = True

    @property
    def worked(self) -> float:
        """How many times dearer the past is, by processor time of service and database."""
        return self.then.worked_ms / self.now.worked_ms

    @property
    def line(self) -> str:
        """A row of a table in Markdown."""
        now, then = self.now, self.then
        return (
            f"| `{self.name}` | {self.moment} | {now.wall_ms:.1f} → {then.wall_ms:.1f} "
            f"| {now.service_ms:.1f} → {then.service_ms:.1f} | {now.database_ms:.1f} → {then.database_ms:.1f} "
            f"| {self.worked:.1f} |"
        )


def pages(ledger: ServedLedger, moments: dict[str, ListMoment], filters: str) -> Iterator[Ratio]:
    """Every likely page without an offset, now and at each moment."""
    for name in query_strings():
        if filters not in name:
            continue
        path = f"/orders?limit=100&{name}"
        paths = [path, *(f"{path}&{_as_of(moment)}" for moment in moments.values())]
        counts = [len(msgspec.json.decode(ledger.get(each))["list"]) for each in paths]
        now, *then = ledger.costs(paths, ROUNDS)
        for moment, cost, count in zip(moments, then, counts[1:], strict=True):
            yield Ratio(name or "(no filter)", moment, now, cost, is_same=count == counts[0])


def retrieves(ledger: ServedLedger, order_id: str, versions: int) -> Iterator[Ratio]:
    """An order now and in its first, its middle, its last but one and its last version."""
    wanted = sorted({1, versions // 2, versions - 1, versions})
    paths = [f"/orders/{order_id}", *(f"/orders/{order_id}?as_of[version]={version}" for version in wanted)]
    now, *then = ledger.costs(paths, ROUNDS * 10)
    for version, cost in zip(wanted, then, strict=True):
        yield Ratio(f"version {version} of {versions}", "", now, cost)


def report(found: Sequence[Ratio], ratio_max: float) -> str:
    """The dearest requests first, and how many keep the bound."""
    same = [each for each in found if each.is_same]
    within = sum(each.worked <= ratio_max for each in same)
    return "\n".join(
        [
            "| request | moment | caller ms | service ms | database ms | ratio |",
            "|---|---|---|---|---|---|",
            *(each.line for each in sorted(same, key=lambda each: -each.worked)),
            "",
            f"{within} of {len(same)} cost at most {ratio_max:g} times as much as now; the median is "
            f"{statistics.median(each.worked for each in same):.1f} times.",
        ]
    )


def _as_of(moment: ListMoment) -> str:
    if isinstance(moment, AtPosition):
        return f"as_of[position]={moment.position}"
    return f"as_of[time]={moment.until_ms // 1000}"


async def _moments(address: Address) -> dict[str, ListMoment]:
    async with service_pool(address, size_max=1) as pool:
        return await moments_of(pool)


async def _long_life(address: Address, site: Site, count: int) -> str:
    """A site with one order of so many events; the order's id."""
    [made] = (each for number, each in enumerate(made_orders(10)) if number == count % 10)
    async with as_owner(address) as connection:
        if not await connection.fetchval("SELECT true FROM ledger.site WHERE site = $1", site):
            await write_log(connection, site, long_life(site, made, count))
    await keep_all_documents(address, site)
    return made.id


def _keys(state: Path, address: Address) -> Path:
    """Where the keys of a database are: those of another log of the same name sign no log that does not continue it."""
    return state / "keys" / str(address.owner["database"])


def main(
    orders: Annotated[int, typer.Option(help="Orders in each database.")] = 100_000,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the filled databases in, for the next run.")] = None,
    lives: Annotated[list[str], typer.Option(help="Which lives; may be given several times.")] = _LIVES,
    filters: Annotated[str, typer.Option(help="Only pages whose filters contain this text.")] = "",
) -> None:
    """Compare what callers wait for now and as of a moment: pages of lists, and orders of 5 and of 200 events."""
    with contextlib.ExitStack() as stack:
        state = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="order-ledger-bench-")))
        postgres = stack.enter_context(EmbeddedPostgres.open(state / "postgres", role=Role.SERVICE))
        progress = stack.enter_context(Progress(console=Console(stderr=True)))
        for each in lives:
            address = asyncio.run(past_database(postgres, orders, each, progress))
            moments = asyncio.run(_moments(address))
            with served(address, SITE, _keys(state, address)) as ledger:
                typer.echo(f"\nPages, {each} lives\n\n{report(list(pages(ledger, moments, filters)), RATIO_MAX)}")
        for count in (5, _LONG_LIFE):
            site = Site(f"life{count}")
            order_id = asyncio.run(_long_life(address, site, count))
            with served(address, site, _keys(state, address)) as ledger:
                found = list(retrieves(ledger, order_id, count))
            typer.echo(f"\nRetrieves, {count} events\n\n{report(found, RETRIEVE_RATIO_MAX)}")


if __name__ == "__main__":
    typer.run(main)

"""Options that commands share, and the way from a command to its asynchronous work."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import asyncpg
import typer
from rich.console import Console

from ops.database import Address, prepare, reachable, service_pool
from ops.target import DEFAULT_DATA_DIR, Target

T = TypeVar("T")

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

DataDir = Annotated[
    Path,
    typer.Option("--data-dir", envvar="ORDER_LEDGER_DATA_DIR", help="Folder that holds the data and their server."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="ORDER_LEDGER_DATABASE_URL",
        help="Use this PostgreSQL (15 or later) instead of the one in the data folder.",
        show_default=False,
        show_envvar=True,
    ),
]
KeysDir = Annotated[
    Path | None,
    typer.Option(
        "--keys-dir",
        envvar="ORDER_LEDGER_KEYS_DIR",
        help="Folder that holds the keys that sign checkpoints; keys in the data folder unless given.",
        show_default=False,
    ),
]
SiteName = Annotated[str, typer.Option("--site", "-s", help="Name of the site.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

DATA_DIR = DEFAULT_DATA_DIR


def run_with_pool(target: Target, work: Callable[[asyncpg.Pool], Awaitable[T]], *, read_only: bool = False) -> T:
    """Run asynchronous work on the service's database, starting the embedded server if nobody has."""
    return run_at_address(target, lambda pool, _: work(pool), read_only=read_only)


def run_at_address(
    target: Target, work: Callable[[asyncpg.Pool, Address], Awaitable[T]], *, read_only: bool = False
) -> T:
    """The same for work that also needs to know where the database is."""
    with reachable(target, report=progress) as address:

        async def run() -> T:
            await prepare(address)
            async with service_pool(address, read_only=read_only) as pool:
                return await work(pool, address)

        return asyncio.run(run())


def progress(story: str) -> None:
    """A line about what takes its time, for people, on standard error."""
    if err.is_terminal:
        err.print(f"[dim]{story}[/dim]")

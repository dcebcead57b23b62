"""A folder and a PostgreSQL server for one drill: nothing in them is anybody's data but a copy of it."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from ledger.errors import ParamWrongValue
from ledger.transparency.durable_files import make_folder
from ops.database import Address, as_owner
from ops.embedded import EmbeddedPostgres, Role

# What is lost with the machine is made again; waiting for the disk would take most of a drill's time.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """The folder of a drill: one that is removed at the end, or a new one that the caller wants to keep.

    Raises:
        ParamWrongValue: the folder to keep has something in it.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="order-ledger-drill-") as folder:
            yield Path(folder)
        return
    if keep.exists() and any(keep.iterdir()):
        raise ParamWrongValue(f"{keep} is not empty: a drill keeps its copies in a folder of their own.")
    make_folder(keep)
    yield keep.absolute()


@contextlib.contextmanager
def scratch_server(folder: Path) -> Iterator["ScratchServer"]:
    """A server in the folder, for as long as it is needed."""
    with EmbeddedPostgres.open(folder / "postgres", role=Role.SERVICE, settings=_SETTINGS) as postgres:
        yield ScratchServer(Address.embedded(postgres))


@dataclass(frozen=True, slots=True)
class ScratchServer:
    """The server. ``base`` is the database that the others are copies of."""

    base: Address

    def address(self, database: str) -> Address:
        """Another database of the server."""
        return replace(
            self.base,
            owner=self.base.owner | {"database": database},
            service=self.base.service | {"database": database},
        )

    async def copy(self, source: Address, name: str) -> Address:
        """Copy a database to which nobody is connected."""
        async with self._administrator() as administrator:
            template = source.owner["database"]
            await administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.address(name)

    async def drop(self, address: Address) -> None:
        """Remove a database, whoever is still connected."""
        async with self._administrator() as administrator:
            await administrator.execute(f'DROP DATABASE "{address.owner["database"]}" WITH (FORCE)')

    @contextlib.asynccontextmanager
    async def _administrator(self) -> AsyncIterator[asyncpg.Connection]:
        async with as_owner(self.address("postgres")) as connection:
            yield connection

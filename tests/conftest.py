"""What all tests share: one real PostgreSQL for the run, a database per test process, a site per test.

A site is the unit of everything, so tests that each have their own cannot see each other and run in any order.
"""

import asyncio
import contextlib
import fcntl
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from api.schemas.invoice import read_invoice
from api.services import Services, build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import Sites
from ops.database import Address, bring_up_to_date, service_pool
from ops.embedded import EmbeddedPostgres, Role
from ops.operator import operator
from tests.ledger.transparency.given import Signer
from tests.serving import running_server
from tests.temporary import new_server_folder, write_into_memory

_SERVER = pytest.StashKey["_Server"]()
_POOL_SIZE = 12
# Thousands of tests and all that they import stay for ever: to look through them for garbage as often as Python does
# by default takes a tenth of the run.
_GARBAGE_THRESHOLDS = (20_000, 20, 50)
# Nothing outlives the run's server. What must outlive a kill or a power cut is tested on servers of its own.
_SETTINGS = {"max_connections": "300", "fsync": "off", "full_page_writes": "off"}
_TEMPLATE = "migrated"
_TEMPLATE_LOCK = 7_201


class _Server:
    """The server of the whole run. The process that runs pytest owns it; test processes are told where it is."""

    def __init__(self) -> None:
        self.folder = new_server_folder()
        self.postgres = EmbeddedPostgres.open(self.folder / "postgres", role=Role.SERVICE, settings=_SETTINGS)
        self.socket_dir = str(self.postgres.socket_dir)

    def stop(self) -> None:
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _server_of(config: pytest.Config) -> _Server:
    if _SERVER not in config.stash:
        config.stash[_SERVER] = _Server()
    return config.stash[_SERVER]


class _ShareServer:
    """Only there when tests run in several processes."""

    @pytest.hookimpl
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["postgres_socket_dir"] = _server_of(node.config).socket_dir


def pytest_configure(config: pytest.Config) -> None:
    write_into_memory()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    # What is imported and collected stays: nothing of it is garbage.
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a shell; what tests start inherits it, and could not be interrupted by them.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.pluginmanager.hasplugin("dsession"):
        config.pluginmanager.register(_ShareServer())


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVER in config.stash:
        config.stash[_SERVER].stop()


@pytest.fixture(scope="session")
def postgres_socket_dir(request: pytest.FixtureRequest) -> str:
    """Folder of the socket of the run's PostgreSQL."""
    told = getattr(request.config, "workerinput", {}).get("postgres_socket_dir")
    return told or _server_of(request.config).socket_dir


@pytest.fixture(scope="session")
def superuser(postgres_socket_dir: str) -> dict[str, Any]:
    """Arguments of ``asyncpg.connect`` for the owner of the whole server, database ``postgres``."""
    return {
        "host": postgres_socket_dir,
        "port": EmbeddedPostgres.port,
        "user": EmbeddedPostgres.superuser,
        "database": "postgres",
    }


@pytest.fixture(scope="session")
def address(superuser: dict[str, Any], worker_id: str) -> Address:
    """A migrated database that the tests of this process share."""
    return asyncio.run(new_database(superuser, f"test_{worker_id}_{os.getpid()}"))


async def new_database(superuser: dict[str, Any], name: str) -> Address:
    """Make a migrated database: a copy of one that was migrated once in the run."""
    connection = await asyncpg.connect(**superuser)
    # Of this connection, so that two test processes do not make the template at once.
    await connection.execute("SELECT pg_advisory_lock($1)", _TEMPLATE_LOCK)
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", _TEMPLATE):
        await connection.execute(f"CREATE DATABASE {_TEMPLATE}_partly")
        await bring_up_to_date(_address_of(superuser, f"{_TEMPLATE}_partly"))
        await connection.execute(f"ALTER DATABASE {_TEMPLATE}_partly RENAME TO {_TEMPLATE}")
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {_TEMPLATE} STRATEGY file_copy')
    await connection.close()
    return _address_of(superuser, name)


def _address_of(superuser: dict[str, Any], name: str) -> Address:
    server = superuser | {"database": name}
    # "Embedded" would look for the database by its usual name; this one is there already.
    return Address(owner=server, service=server | {"user": "order_ledger_service"}, is_embedded=False)


@pytest.fixture
async def own_address(superuser: dict[str, Any], worker_id: str) -> AsyncIterator[Address]:
    """A migrated database of the test's own, for what looks at all sites or does what an operator never should."""
    name = f"own_{worker_id}_{os.urandom(6).hex()}"
    yield await new_database(superuser, name)
    server = await asyncpg.connect(**superuser)
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.close()


@pytest.fixture(scope="session")
async def pool(address: Address) -> AsyncIterator[asyncpg.Pool]:
    """Connections with the rights of the service."""
    async with service_pool(address, size_max=_POOL_SIZE) as pool:
        yield pool


@pytest.fixture
async def owner(address: Address) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the rights of the owner, to look at what the service may not touch."""
    connection = await asyncpg.connect(**address.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def site(pool: asyncpg.Pool) -> Site:
    """A new test site."""
    return await new_site(pool)


async def new_site(pool: asyncpg.Pool, *, live: bool = False) -> Site:
    """Make a site that no other test has."""
    name = f"t{os.urandom(8).hex()}"
    assert await Sites(pool).create_site(name, live=live, now_ms=system_clock_ms())
    return Site(name)


@pytest.fixture
def signer(pool: asyncpg.Pool, site: Site, tmp_path: Path) -> Signer:
    """What signs, anchors and verifies the log of the site."""
    signer = Signer(pool, site, tmp_path)
    signer.prepare()
    return signer


@pytest.fixture
async def services(pool: asyncpg.Pool, signer: Signer) -> AsyncIterator[Services]:
    """The services, wired as the server wires them."""

    async def check_ready() -> None:
        await pool.fetchval("SELECT 1")

    services = build_services(pool, check_ready=check_ready, keys=signer.keys, anchors=signer.anchors)
    yield services
    await services.appender.close()


@pytest.fixture
def sample_invoices() -> dict[str, dict[str, Any]]:
    """The invoices that the quick start loads, by id."""
    return {invoice["id"]: invoice for invoice in _samples()}


def _samples() -> list[dict[str, Any]]:
    lines = (Path(__file__).parents[1] / "ops/samples/invoices.jsonl").read_text(encoding="utf-8").splitlines()
    return [msgspec.json.decode(line) for line in lines]


@pytest.fixture(scope="session")
async def load_samples(pool: asyncpg.Pool) -> AsyncIterator[Callable[[Site], Awaitable[None]]]:
    """Load the sample invoices into a site, as ``order-ledger invoices load`` does but for reading them each time.

    What loads them is not what a test tries: that has nothing of them in its memory.
    """

    async def check_ready() -> None:
        """Always."""

    loader = build_services(pool, check_ready=check_ready)
    commands = [read_invoice(invoice) for invoice in _samples()]

    async def load(site: Site) -> None:
        caller = operator(site, live=False, ids=loader.ids)
        async with asyncio.TaskGroup() as loading:
            for command in commands:
                loading.create_task(loader.handler.handle(command, caller))

    yield load
    await loader.appender.close()


@pytest.fixture
def tmp_state_dir() -> Iterator[Path]:
    """A folder for a server of one's own; its path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="ol-"))
    yield folder
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def prepared_data_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Made once in the run, to be copied: a cluster, the schema and the quick start take their time."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    path = shared / "prepared"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            partly = shared / "prepared.partly"
            with running_server(partly) as server:
                assert server.stop() == 0
            partly.rename(path)
    return path


@pytest.fixture
def data_dir(prepared_data_dir: Path, tmp_path: Path) -> Path:
    """A data folder with the quick start's site, which a service has left in order."""
    return Path(shutil.copytree(prepared_data_dir, tmp_path / "data"))

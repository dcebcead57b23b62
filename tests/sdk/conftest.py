"""A server as a user starts it, with two workers; a site of its own for each test; and both SDKs."""

import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from api.schemas.settings import read_settings
from ledger.appender import Appender
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, StreamId, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from ops.cli.options import run_with_pool
from ops.invoice_loading import load_file
from ops.operator import operator
from ops.target import Target
from projections.order_row import order_row
from tests.conftest import new_site
from tests.sdk.calls import Sdk
from tests.sdk.newer import Newer
from tests.sdk.older import Older, OlderProcess, older_sdk
from tests.serving import Server, running_server


class Shop:
    """A site of the server with a full-access key and the sample invoices."""

    def __init__(self, server: Server, invoices: list[dict[str, Any]]) -> None:
        self.url = server.url
        self.address = server.url.removeprefix("http://")
        self._target = Target(server.data_dir)
        self.site, self.key = run_with_pool(self._target, lambda pool: _furnish(pool, invoices))

    def read_only_key(self) -> str:
        """A key that may only read."""
        return run_with_pool(
            self._target,
            lambda pool: Sites(pool).create_key(self.site, "reader", KeyKind.READ_ONLY, system_clock_ms()),
        )

    def load(self, *invoices: dict[str, Any]) -> None:
        """Load invoices, as ``order-ledger invoices load`` does."""
        run_with_pool(self._target, lambda pool: _load(pool, self.site, list(invoices)))

    def change_settings(self, **members: Any) -> None:
        """Change settings, as ``order-ledger settings set`` does."""

        async def change(pool: asyncpg.Pool) -> None:
            ids = IdSource()
            appender = Appender(pool)
            handler = CommandHandler(Store(pool), appender, row_of=order_row, ids=ids)
            await handler.handle(read_settings(members), operator(self.site, live=False, ids=ids))
            await appender.close()

        run_with_pool(self._target, change)

    def events(self, stream: str) -> list[dict[str, Any]]:
        """The stored bodies of a stream."""

        async def read(pool: asyncpg.Pool) -> list[dict[str, Any]]:
            wanted = StreamId(stream)
            found = await Store(pool).load_streams(self.site, [wanted])
            return [msgspec.json.decode(record.body) for record in found.get(wanted, [])]

        return run_with_pool(self._target, read)


async def _furnish(pool: asyncpg.Pool, invoices: list[dict[str, Any]]) -> tuple[Site, str]:
    site = await new_site(pool)
    key = await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())
    await _load(pool, site, invoices)
    return site, key


async def _load(pool: asyncpg.Pool, site: Site, invoices: list[dict[str, Any]]) -> None:
    lines = "\n".join(msgspec.json.encode(invoice).decode() for invoice in invoices)
    assert (await load_file(pool, site, StringIO(lines))).refused == []


@pytest.fixture(scope="session")
def server(prepared_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of a test process; its workers show that nothing is kept in a process."""
    folder = shutil.copytree(prepared_data_dir, tmp_path_factory.mktemp("sdk") / "data")
    with running_server(folder, "--workers", "2") as server:
        yield server


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Plain http needs none, but the newer SDK reads all that there are with every call, which takes 30 ms."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def shop(server: Server, sample_invoices: dict[str, dict[str, Any]]) -> Shop:
    """A site that no other test has."""
    return Shop(server, list(sample_invoices.values()))


@pytest.fixture(scope="session")
def older_process(server: Server) -> Iterator[OlderProcess]:
    """The older SDK, for all tests of a test process."""
    with older_sdk(server.url) as process:
        yield process


@pytest.fixture(params=["3.29.0", "2.60.1"])
def sdk_for(request: pytest.FixtureRequest, server: Server) -> Callable[[str], Sdk]:
    """Each of the SDKs, for a key."""
    if request.param == "3.29.0":
        return lambda key: Newer(server.url, key)
    process: OlderProcess = request.getfixturevalue("older_process")
    return lambda key: Older(process, key)


@pytest.fixture
def sdk(sdk_for: Callable[[str], Sdk], shop: Shop) -> Sdk:
    """Each of the SDKs, for the shop."""
    return sdk_for(shop.key)

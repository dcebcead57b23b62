"""The whole service, as a worker runs it, in a thread of its own: a real port, the run's database, and batches."""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from aiohttp import web

from api.app import create_app
from api.server import LedgerRunner
from api.services import Services, build_services
from ledger.transparency.signing_keys import KeyFolder
from ops.database import Address, service_pool
from ops.invoice_files import Entry
from tests.fuzz.answers import check_answer
from tests.fuzz.ledger import check_ledger
from tests.fuzz.playground import new_playground
from tests.fuzz.requests import check_requests
from tests.fuzz.wire import Exchange, Request, exchange

T = TypeVar("T")
_POOL_SIZE = 8
_PATIENCE_S = 60.0


class Service:
    """A running service. ``requests`` counts what it was sent in batches and by ``count``."""

    port: int
    services: Services

    def __init__(self, address: Address, invoices: list[Entry]) -> None:
        self._address = address
        self.invoices = invoices
        self._loop = uvloop.new_event_loop()
        self._stop = asyncio.Event()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="service")
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return once it answers."""
        self._thread.start()
        self._ready.result(_PATIENCE_S)

    def stop(self) -> None:
        """Return once it has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE_S)
        assert not self._thread.is_alive()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something beside the service."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    def play(self, requests: Sequence[Request]) -> list[Exchange]:
        """Send a batch to a site of its own; check every answer, and what became of log and view."""
        self.requests += len(requests)
        return self.do(self._play(requests))

    async def _play(self, requests: Sequence[Request]) -> list[Exchange]:
        playground = await new_playground(self.services, self.port, self.invoices)
        done = await exchange(self.port, [playground.filled(request) for request in requests])
        for each in done:
            check_answer(each)
        await check_ledger(self.services, playground, done)
        await check_requests(self.services, playground, done)
        return done

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as failure:
            if self._ready.done():
                raise
            self._ready.set_exception(failure)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            await self._serve_with(KeyFolder(Path(folder) / "keys"))

    async def _serve_with(self, keys: KeyFolder) -> None:
        keys.prepare(None, new_name=lambda: "ledger.example")
        async with service_pool(self._address, size_max=_POOL_SIZE) as pool:

            async def check_ready() -> None:
                await pool.fetchval("SELECT 1")

            self.services = build_services(pool, check_ready=check_ready, keys=keys)
            runner = LedgerRunner(create_app(self.services))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.port = runner.addresses[0][1]
            self._ready.set_result(None)
            await self._stop.wait()
            await runner.cleanup()
            await self.services.appender.close()

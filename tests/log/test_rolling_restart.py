"""A rolling restart: new processes take over one after another, and no client sees a request fail."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from ops import migrations
from ops.database import bring_up_to_date, reachable
from ops.migrations import Migration
from ops.serving.children import Child, Kind
from ops.serving.rolling_restart import rolling_restart
from ops.target import Target
from tests.api.event_source import ACCEPT, EventSource
from tests.log.keep_alive import KeepAlive, KeepAliveLoad
from tests.serving import PATIENCE_S, Server, running_server, until

CLIENTS = 4
CHANGES = "/api/v2/ledger/changes"
COMPLETE = "the restart is complete"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def server(prepared_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker: nobody else answers while it is replaced."""
    data_dir = shutil.copytree(prepared_data_dir, tmp_path_factory.mktemp("rolling") / "data")
    with running_server(data_dir) as server:
        yield server
        assert server.stop() == 0
        assert "Traceback" not in server.errors


def ask_for_restart(server: Server) -> int:
    """Returns how many restarts have come to an end before."""
    os.kill(server.pid, signal.SIGHUP)
    return server.errors.count(COMPLETE)


def await_restart(server: Server, before: int) -> None:
    """Wait until another restart is complete."""
    until(lambda: server.errors.count(COMPLETE) > before, what=COMPLETE)


@dataclass(frozen=True)
class Later(Migration):
    """A migration whose text is no file."""

    text: str = ""

    @property
    def sql(self) -> str:
        """The text."""
        return self.text


LATER = (
    Later("ledger", "901_columns.sql", text="ALTER TABLE ledger.event ADD COLUMN later text"),
    Later("ledger", "902_columns.sql", text="ALTER TABLE ledger.order_view ADD COLUMN later bigint DEFAULT 1"),
    Later("ledger", "903_index.sql", text="CREATE INDEX CONCURRENTLY later ON ledger.event (site, later)"),
    Later("ledger", "904_index.sql", text="CREATE INDEX later_change ON ledger.change (site, order_id)"),
)


async def test_no_request_fails_while_a_later_version_migrates_and_all_processes_are_replaced(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a later version, which is not written yet, stand migrations of the kinds that the rules allow."""
    load = KeepAliveLoad(server)
    before = {*server.workers(), *server.background()}
    with reachable(Target(server.data_dir)) as address:
        async with asyncio.timeout(3 * PATIENCE_S), asyncio.TaskGroup() as clients:
            for client in range(CLIENTS):
                clients.create_task(load.run(client))
            await load.go_on(100)
            with monkeypatch.context() as newer:
                newer.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, *LATER))
                assert await bring_up_to_date(address) == len(LATER)
            await load.go_on(100)
            # Processes of this version start on the database of the later one.
            await asyncio.to_thread(await_restart, server, ask_for_restart(server))
            await load.go_on(100)
            load.is_over = True
    after = {*server.workers(), *server.background()}
    assert len(after) == len(before)
    assert not after & before
    assert set(load.answers) == {200}
    # Each client was told that the process before it ends, and the next one answered.
    assert load.last_ones >= CLIENTS


async def test_a_request_on_an_idle_connection_of_a_process_that_leaves_is_answered(server: Server) -> None:
    """The classical race of keep-alive: the server closes what is idle while the client sends."""
    connections = [KeepAlive(server) for _ in range(CLIENTS)]
    for connection in connections:
        assert (await connection.ask("GET", "/healthz")).status == 200
    complete = ask_for_restart(server)
    # Once one connection is told that it ends, the process behind all of them leaves; the others are idle till then.
    async with asyncio.timeout(PATIENCE_S):
        while not (await connections[0].ask("GET", "/healthz")).is_last:
            pass
    for connection in connections[1:]:
        assert (await connection.ask("GET", "/healthz")).status == 200
        connection.close()
    connections[0].close()
    await asyncio.to_thread(await_restart, server, complete)


async def test_a_live_stream_ends_in_order_and_goes_on_at_a_new_process(server: Server) -> None:
    async with aiohttp.ClientSession(server.url, headers=server.headers) as session, asyncio.timeout(PATIENCE_S):
        async with session.get(CHANGES, headers=ACCEPT) as response:
            source = EventSource(response)
            reading = asyncio.create_task(anext(source.events(), None))
            await asyncio.to_thread(until, lambda: source.last_event_id, what="the stream has begun")
            complete = ask_for_restart(server)
            # To its end, and not to an error: the stream was ended, not cut off.
            assert await reading is None
            response.close()
        await asyncio.to_thread(await_restart, server, complete)
        async with session.post("/api/v2/orders", data={"invoice_id": "inv_0001"}) as created:
            order = (await created.json())["order"]
        async with session.get(CHANGES, headers={**ACCEPT, "Last-Event-ID": source.last_event_id}) as response:
            event = await anext(EventSource(response).events())
            assert int(event.id) == int(source.last_event_id) + 1
            assert event.data["change"]["order_id"] == order["id"]
            response.close()


async def test_where_a_new_process_does_not_come_up_the_old_ones_go_on(server: Server) -> None:
    before = {*server.workers(), *server.background()}
    given_up = server.errors.count("given up")

    def new_workers() -> set[int]:
        return set(server.workers()) - before

    ask_for_restart(server)
    await asyncio.to_thread(until, new_workers, what="a new worker is started")
    server.kill(*new_workers())
    await asyncio.to_thread(until, lambda: server.errors.count("given up") > given_up, what="the restart is given up")
    assert {*server.workers(), *server.background()} == before
    connection = KeepAlive(server)
    assert (await connection.ask("GET", "/readyz")).status == 200
    connection.close()


def test_processes_are_replaced_one_after_another_each_once_the_next_one_is_at_work() -> None:
    """With several workers: at no time do fewer answer, and at most one more."""
    story: list[str] = []

    class FakeChild(Child):
        """Ready when it is asked again, and gone when it is asked again after it was told to leave."""

        asked = 0
        name = ""
        leaving = False

        def is_ready(self, wait_s: float = 0.0) -> bool:
            self.asked += 1
            if self.asked == 2:
                story.append(f"{self.name} is ready")
            return self.asked >= 2

        def leave(self) -> None:
            story.append(f"{self.name} is told to leave")
            self.leaving, self.asked = True, 0

        @property
        def has_ended(self) -> bool:
            self.asked += 1
            if self.asked == 2:
                story.append(f"{self.name} is gone")
            return self.leaving and self.asked >= 2

    def started(kind: Kind, name: str = "new") -> FakeChild:
        child = FakeChild.__new__(FakeChild)
        child.kind, child.name = kind, f"{name} {kind.called}"
        return child

    children: list[Child] = [started(kind, "old") for kind in (Kind.WORKER, Kind.WORKER, Kind.BACKGROUND)]
    for _ in rolling_restart(children, [], started, lambda _: None):
        assert len(children) == 3
    replaced = [
        (f"new {name} is ready", f"old {name} is told to leave", f"old {name} is gone")
        for name in ("worker", "worker", "background")
    ]
    assert story == ["new preparation is ready", *(each for one in replaced for each in one)]

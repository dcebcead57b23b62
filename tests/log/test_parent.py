"""The parent of the service: its starts, its ends, and what becomes of its children when something goes wrong."""

import asyncio
import contextlib
import os
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from api.services import Services
from ledger.batch import Append
from ledger.ids import Site, system_clock_ms
from ops.serving import retention
from ops.serving.terminal import Terminal
from tests.log.appends import answer, append_batch
from tests.log.traffic import Asked, HttpDoor, Told
from tests.serving import PATIENCE_S, Server, descendants_of, is_gone, running_server, starting_server, until

pytestmark = pytest.mark.timeout(600)


def status_of(server: Server, path: str) -> int | None:
    """The status of a GET; None when nobody answers."""
    try:
        with urllib.request.urlopen(server.url + path, timeout=PATIENCE_S) as response:
            return int(response.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return None


# Starts


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_service_that_is_stopped_while_it_starts_leaves_nothing(data_dir: Path, workers: int) -> None:
    """When the parent has so many children besides the database, it is told to stop."""
    with starting_server(data_dir, "--workers", "4") as server:
        until(lambda: not server.is_running or server.postmaster(), what="the database runs")
        until(lambda: not server.is_running or len(server.workers()) >= workers, what="some workers run")
        assert server.stop() == 0
        assert "Traceback" not in server.errors


def test_a_service_that_is_killed_while_it_starts_can_be_started(data_dir: Path) -> None:
    with starting_server(data_dir, "--workers", "2") as server:
        until(server.postmaster, what="the database runs")
        server.kill_everything()
    with starting_server(data_dir, "--workers", "2") as server:
        until(server.workers, what="a worker runs")
        server.kill_everything()
    with running_server(data_dir) as server:
        assert status_of(server, "/readyz") == 200


def test_a_port_that_is_taken_is_told_in_one_line(data_dir: Path) -> None:
    with running_server(data_dir) as first, starting_server(data_dir, port=first.port) as second:
        until(lambda: not second.is_running, what="the end of the second")
        assert second.stop() == 1
        assert second.errors.splitlines()[-1].startswith(f"order-ledger: cannot listen on 127.0.0.1:{first.port}")
        assert status_of(first, "/readyz") == 200


# Two services on one data folder


@pytest.mark.parametrize("end_of", [Server.kill, Server.stop], ids=["killed", "stopped"])
async def test_a_second_service_takes_the_database_over_when_the_first_ends(
    data_dir: Path, end_of: Callable[[Server], object]
) -> None:
    told: list[Told] = []
    with running_server(data_dir) as first, running_server(data_dir, "--workers", "2") as second:
        assert second.postmaster() is None
        async with aiohttp.ClientSession(headers=second.headers) as client:
            for server in (first, second):
                told.append(await create(client, server, f"{len(told)}"))
            await asyncio.to_thread(end_of, first)
            await asyncio.to_thread(until, second.postmaster, what="the second owns the database")
            await asyncio.to_thread(until, lambda: status_of(second, "/readyz") == 200, what="it is ready")
            told.append(await create(client, second, "after"))
            found = [await retrieve(client, second, each) for each in told]
        assert found == [each.order for each in told]
        assert second.stop() == 0


async def create(client: aiohttp.ClientSession, server: Server, note: str) -> Told:
    """Create an order, coming again while the service is busy with itself."""
    asked = Asked(operation="create", form={"invoice_id": "inv_0001", "note": note}, key=note)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                told = await HttpDoor(client, server.url).ask(asked)
                if told.acknowledged:
                    return told
            await asyncio.sleep(0.02)


async def retrieve(client: aiohttp.ClientSession, server: Server, told: Told) -> object:
    assert told.order
    async with client.get(f"{server.url}/api/v2/orders/{told.order['id']}") as response:
        return (await response.json())["order"]


# Ends


def test_a_database_that_cannot_be_started_again_ends_the_service_with_a_reason(data_dir: Path) -> None:
    with running_server(data_dir, "--workers", "2") as server:
        postmaster = server.postmaster()
        assert postmaster
        control = next((data_dir / "postgres").glob("pg*/global/pg_control"))
        shutil.move(control, control.with_name("pg_control.gone"))
        server.kill(postmaster)
        until(lambda: not server.is_running, what="the end of the service")
        assert server.stop() == 1
        assert "Traceback" not in server.errors
        assert "order-ledger: " in server.errors
        shutil.move(control.with_name("pg_control.gone"), control)
    with running_server(data_dir) as server:
        assert status_of(server, "/readyz") == 200


def test_children_end_with_their_parent_also_when_the_database_hangs(data_dir: Path) -> None:
    """Nobody is left then who could kill a process that waits for the database."""
    with running_server(data_dir, "--workers", "2") as server:
        children = [*server.workers(), *server.background()]
        assert len(children) == 3
        frozen = [pid for pid in descendants_of(server.pid) if pid not in children]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            server.kill()
            until(lambda: all(map(is_gone, children)), what="the end of the children")
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)


def test_a_terminal_that_is_closed_is_told_from_a_signal_that_somebody_sends() -> None:
    """Either comes as SIGHUP: the one is to stop the service, the other to restart its processes."""
    master, terminal = os.openpty()
    assert not Terminal(terminal).is_gone
    os.close(master)
    assert Terminal(terminal).is_gone
    os.close(terminal)
    assert not Terminal(None).is_gone


# What is forgotten while the service runs


async def test_every_answer_whose_window_has_passed_is_forgotten_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    now_ms = system_clock_ms()
    old = [Append(site=site, answer=answer(f"k{n}", now_ms=now_ms - 10_000, lasts_ms=1)) for n in range(23)]
    await append_batch(pool, *old, Append(site=site, answer=answer("young")), now_ms=now_ms - 10_000)

    monkeypatch.setattr(retention, "_ANSWERS_FORGOTTEN_MAX", 5)
    await retention.forget_old_answers(services)
    left = await pool.fetch("SELECT key FROM ledger.idempotent_answer WHERE site = $1", site)
    assert [each["key"] for each in left] == ["young"]

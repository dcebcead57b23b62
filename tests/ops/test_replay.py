"""Replaying an order: every step with its state, forward and back, without a way to change anything."""

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.services import Services
from ledger.events import OrderUpdated
from ledger.ids import Site
from ops.cli.replay import DISAGREES
from ops.database import Address, service_pool
from tests.log.traffic import Asked, HandlerDoor, load_big_invoices
from tests.ops.test_command_line import as_json, database_url, run

__all__ = ["database_url"]

PROGRAM = Path(sys.executable).parent / "order-ledger"
PATIENCE_S = 60.0


@pytest.fixture
async def order(services: Services, pool: asyncpg.Pool, site: Site) -> str:
    """An order with three versions."""
    await load_big_invoices(pool, site)
    door = HandlerDoor(services, site)
    told = await door.ask(Asked(operation="create", form={"id": "o1", "invoice_id": "inv_big_0", "note": "ring twice"}))
    assert told.acknowledged, told
    for form in ({"note": "ring once"}, {"status": "cancelled", "cancellation_reason": "fraudulent_transaction"}):
        told = await door.ask(Asked(operation="update", order_id="o1", form=form))
        assert told.acknowledged, told
    return "o1"


async def replayed(database_url: str, site: Site, *options: str) -> Any:
    """What the command says; it has an event loop of its own."""
    return await asyncio.to_thread(run, "replay", "o1", "--site", site, *options, database_url=database_url)


@pytest.mark.usefixtures("order")
async def test_every_step_is_printed_with_what_changed_and_the_state(database_url: str, site: Site) -> None:
    result = await replayed(database_url, site)
    assert result.exit_code == 0, result.output
    steps = result.stdout.split("Step ")[1:]
    assert [step.split("\n")[0] for step in steps] == ["1 of 3", "2 of 3", "3 of 3"]
    assert '"ring twice" → "ring once"' in steps[1]
    assert re.search(r"^status +new *$", steps[1], re.MULTILINE)
    assert re.search(r"^status +cancelled *$", steps[2], re.MULTILINE)
    short = await replayed(database_url, site, "--no-state")
    assert "MEMBER" not in short.stdout


@pytest.mark.usefixtures("order")
async def test_code_that_agrees_is_said_to(database_url: str, site: Site) -> None:
    result = await replayed(database_url, site, "--with-current-code")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("the order is as it was answered then") == 3


@pytest.mark.usefixtures("order")
async def test_an_upcaster_that_alters_an_event_is_shown(
    database_url: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upcast(data: dict[str, Any]) -> None:
        if "note" in data["changes"]:
            data["changes"]["note"] = data["changes"]["note"].upper()

    monkeypatch.setattr(OrderUpdated, "class_version", 2)
    monkeypatch.setattr(OrderUpdated, "upcast_v1_v2", staticmethod(upcast), raising=False)
    result = await replayed(database_url, site, "--with-current-code", "--no-state")
    assert result.exit_code == DISAGREES
    first, second, third = result.stdout.split("Step ")[1:]
    assert "the order is as it was answered then" in first
    assert "stored with schema 1, read as schema 2" in second
    assert 'changes.note: stored "ring once", now "RING ONCE"' in second
    assert "the order is not as it was answered then" in second
    assert 'note: shown "ring once", now "RING ONCE"' in third, "what the API shows of the newest version is known"


@pytest.mark.usefixtures("order")
async def test_machines_get_every_step(database_url: str, site: Site) -> None:
    steps = as_json(await replayed(database_url, site, "--json", "--with-current-code"))
    assert [step["change"]["version"] for step in steps] == [1, 2, 3]
    assert [step["order"]["status"] for step in steps] == ["new", "new", "cancelled"]
    assert {step["code"]["answer"] for step in steps} == {"same"}


async def test_an_unknown_order_or_site_is_said(database_url: str, site: Site) -> None:
    assert (await replayed(database_url, site)).exit_code == 1
    assert "There is no site" in str((await replayed(database_url, Site("nowhere"))).exception)


async def test_the_database_refuses_every_write_of_a_replay(address: Address, site: Site) -> None:
    async with service_pool(address, read_only=True) as pool:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await pool.execute("DELETE FROM ledger.order_view WHERE site = $1", site)


# Stepping with keys


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, command: list[str]) -> None:
        self._ours, theirs = pty.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "200", "LINES": "60"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self._said = ""

    def wait_for(self, words: str) -> str:
        """All that was said until these words; what follows them is for the next call."""
        deadline = time.monotonic() + PATIENCE_S
        while words not in self._said:
            readable, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, f"{words!r} did not come; said was {self._said!r}"
            self._said += os.read(self._ours, 65_536).decode()
        said, _, self._said = self._said.partition(words)
        return said + words

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.mark.usefixtures("order")
async def test_keys_step_forward_and_back(database_url: str, site: Site) -> None:
    command = [str(PROGRAM), "replay", "o1", "--site", site, "--database-url", database_url]
    terminal = Terminal(command)

    def play() -> int:
        for key, step in (
            ("", 1),
            ("n", 2),
            ("\x1b[C", 3),
            ("n", 3),
            ("p", 2),
            ("\x1b[D", 1),
            ("p", 1),
            ("G", 3),
            ("g", 1),
        ):
            terminal.press(key)
            terminal.wait_for(f"Step {step} of 3")
            assert "MEMBER" in terminal.wait_for("q quit")
        terminal.press("s")
        assert "MEMBER" not in terminal.wait_for("q quit")
        terminal.press("q")
        return terminal.process.wait(PATIENCE_S)

    try:
        assert await asyncio.to_thread(play) == 0
    finally:
        terminal.close()

"""A service that ran, was backed up while it did, and went on: what the tests of backups start from."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from ledger.ids import Site
from ledger.transparency.anchor_file import AnchorFiles
from ops.cli.main import app
from ops.database import Address
from tests.serving import PATIENCE_S, SITE, Server, running_server, until

REPEATED = {"chargebee-idempotency-key": "asked-before-the-backup"}
# No such name is ever found, so its deliveries are tried again later.
WEBHOOK = "https://receiver.invalid/orders"

runner = CliRunner()


def run(*arguments: object, data_dir: Path) -> Result:
    """A command in this process, on a data folder."""
    return runner.invoke(app, [*map(str, arguments), "--data-dir", str(data_dir)])


def done(*arguments: object, data_dir: Path) -> Result:
    """The same for a command that has to succeed."""
    result = run(*arguments, data_dir=data_dir)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def post(server: Server, path: str, form: str, headers: dict[str, str] | None = None) -> Any:
    """A command to the service, and its answer."""
    request = urllib.request.Request(f"{server.url}/api/v2/{path}", form.encode(), server.headers | (headers or {}))
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return json.loads(response.read())


def anchored(data_dir: Path) -> int:
    """How many events the last anchor covers."""
    return getattr(AnchorFiles(data_dir / "anchors").last(Site(SITE)), "size", 0)


@dataclass(frozen=True)
class Story:
    """A folder with a data folder that a service has left, and two backups of it that were taken while the service ran.

    The first backup is of a moment at which nothing happened, the second of one amid commands. ``size`` is how many
    events there were at the first, ``busy_size`` at the second, and ``last_size`` at the end, all of them signed;
    ``told`` is what the first backup printed, and ``first`` the answer to the command with the idempotency key.
    """

    folder: Path
    size: int
    busy_size: int
    last_size: int
    told: dict[str, Any]
    first: Any

    @property
    def data_dir(self) -> Path:
        """What the service has left."""
        return self.folder / "data"

    @property
    def plain(self) -> Path:
        """The first backup, without private keys."""
        return self.folder / "plain"

    @property
    def with_keys(self) -> Path:
        """The second one, with them."""
        return self.folder / "with-keys"

    @property
    def key(self) -> str:
        """A key of the API."""
        return (self.data_dir / f"{SITE}.key").read_text().strip()

    @property
    def origin(self) -> str:
        """The name that the log's origin begins with."""
        return (self.data_dir / "keys" / "operator").read_text().strip()


@pytest.fixture(scope="session")
def story(prepared_data_dir: Path) -> Story:
    """Made once in the run: nobody changes it."""
    folder = prepared_data_dir.with_name("backed-up")
    kept = folder / "story.json"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            shutil.rmtree(folder, ignore_errors=True)
            kept_as = _lived(prepared_data_dir, folder)
            kept.write_text(json.dumps(kept_as))
    return Story(folder, **json.loads(kept.read_text()))


def _lived(prepared: Path, folder: Path) -> dict[str, Any]:
    """Let a service run and be backed up; what a story has to know of it."""
    data_dir = shutil.copytree(prepared, folder / "data")
    with running_server(data_dir, "--anchor-seconds", "0.1") as server:
        post(server, "webhook_endpoints", f"name=receiver&url={WEBHOOK}")
        first = post(server, "orders", "invoice_id=inv_0001&id=order0", REPEATED)
        post(server, "orders", "invoice_id=inv_0001&id=order1")
        post(server, "orders/order1", "note=changed")
        size = 14
        until(lambda: anchored(data_dir) >= size, what="an anchor of all events")
        told = json.loads(done("backup", folder / "plain", "--json", data_dir=data_dir).stdout)
        with _commands_all_the_time(server) as made:
            options = ("--with-keys", "--json")
            busy = json.loads(done("backup", folder / "with-keys", *options, data_dir=data_dir).stdout)
        last_size = size + len(made)
        until(lambda: anchored(data_dir) >= last_size, what="an anchor of all events")
        assert server.stop() == 0
    [site] = busy["sites"]
    assert size < site["head"] < last_size
    return {"size": size, "busy_size": site["head"], "last_size": last_size, "told": told, "first": first}


@contextlib.contextmanager
def _commands_all_the_time(server: Server) -> Iterator[list[str]]:
    """Orders are made one after the other, before the block, during it and after it; gives their ids."""
    made: list[str] = []
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.is_set():
            made.append(post(server, "orders", f"invoice_id=inv_0001&id=busy{len(made)}")["order"]["id"])

    with ThreadPoolExecutor(1) as executor:
        working = executor.submit(go_on)
        until(lambda: len(made) >= 3, what="some orders")
        try:
            yield made
            so_many = len(made)
            until(lambda: len(made) > so_many, what="one more order")
        finally:
            is_over.set()
        working.result()


@pytest.fixture
def database(address: Address, superuser: dict[str, Any], worker_id: str) -> Iterator[str]:
    """The URL of an empty database, for its owner, who has no other rights. The server knows the service's role."""
    assert address.owner["host"] == superuser["host"]
    name = f"restored_{worker_id}_{os.urandom(4).hex()}"
    login = f"order_ledger_{name}"
    _execute(
        superuser,
        f"CREATE ROLE {login} LOGIN CREATEROLE",
        f"CREATE DATABASE {name} OWNER {login}",
        f"GRANT order_ledger_service TO {login}",
    )
    yield f"postgresql://{login}@/{name}?host={superuser['host']}&port={superuser['port']}"
    _execute(superuser, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {login}")


def _execute(login: dict[str, Any], *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(**login)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())

"""A service of its own for a benchmark, on a database that is there, and what requests to it cost."""

import asyncio
import base64
import contextlib
import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from ledger.ids import Site
from ledger.sites import KeyKind, Sites
from ops.bench.cpu import worked_ms
from ops.database import Address, service_pool

_READY = "Order ledger is ready on "
_SERVE = "from ops.cli.main import run; run()"
_BEHIND = """
SELECT count(*) FROM ledger.head
WHERE (SELECT count(*) FROM ledger.consumer WHERE consumer.site = head.site AND consumer.position = head.position) < 3
"""


@dataclass(frozen=True, slots=True)
class RequestCost:
    """Of a request, medians: until its answer is there, and the processor times of the service and the database."""

    wall_ms: float
    service_ms: float
    database_ms: float

    @property
    def worked_ms(self) -> float:
        """Processor time on both sides."""
        return self.service_ms + self.database_ms


class ServedLedger:
    """A running service with one worker. Requests go through one connection, one after the other."""

    def __init__(self, url: str, key: str, parent: int, database: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
        self._worker = next(pid for pid in _processes() if _parent_of(pid) == parent)
        self._backends = f" {database} [local]".encode()

    def get(self, path: str) -> bytes:
        """The body of an answer.

        Raises:
            ValueError: it is not 200.
        """
        self._connection.request("GET", f"/api/v2{path}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise ValueError(f"{path}: {answer.status} {body.decode()}")
        return body

    def costs(self, paths: Sequence[str], rounds: int) -> list[RequestCost]:
        """What each path costs; they are asked for in turn, so that what else the machine does falls on all."""
        backends = [pid for pid in _processes() if self._backends in _command_line(pid)]
        times: list[list[tuple[float, float, float]]] = [[] for _ in paths]
        for _ in range(rounds):
            for found, path in zip(times, paths, strict=True):
                found.append(self._times_ms(path, backends))
        return [RequestCost(*map(statistics.median, zip(*each, strict=True))) for each in times]

    def _times_ms(self, path: str, backends: Sequence[int]) -> tuple[float, float, float]:
        service, database = worked_ms(self._worker), sum(map(worked_ms, backends))
        began = time.perf_counter()
        self.get(path)
        wall_ms = (time.perf_counter() - began) * 1000
        return wall_ms, worked_ms(self._worker) - service, sum(map(worked_ms, backends)) - database


@contextlib.contextmanager
def served(address: Address, site: Site, keys: Path) -> Iterator[ServedLedger]:
    """Serve an embedded database; all that follows its logs has caught up.

    Args:
        keys: folder of the keys that its checkpoints are signed with.
    """
    key = asyncio.run(_key(address, site))
    owner = address.owner
    place = urlencode({name: owner[name] for name in ("host", "port", "user")})
    with tempfile.TemporaryDirectory(prefix="order-ledger-bench-") as folder:
        url = f"postgresql:///{owner['database']}?{place}"
        options = {"--port": "0", "--data-dir": folder, "--keys-dir": str(keys), "--database-url": url}
        command = [sys.executable, "-c", _SERVE, "serve", *chain.from_iterable(options.items())]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            assert process.stdout is not None
            url = next(line for line in process.stdout if line.startswith(_READY)).removeprefix(_READY).strip()
            while asyncio.run(_is_behind(address)):
                time.sleep(0.2)
            yield ServedLedger(url, key, process.pid, owner["database"])
        finally:
            process.terminate()
            process.wait()


async def _key(address: Address, site: Site) -> str:
    async with service_pool(address, size_max=1) as pool:
        return await Sites(pool).create_key(site, f"bench {time.time_ns()}", KeyKind.READ_ONLY, 0)


async def _is_behind(address: Address) -> bool:
    async with service_pool(address, size_max=1) as pool:
        return bool(await pool.fetchval(_BEHIND))


def _processes() -> Iterator[int]:
    return (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())


def _parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""

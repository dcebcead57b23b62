"""PostgreSQL's own benchmark with the same rows: how many commits the database takes where nobody waits in line.

A transaction inserts one event and one order into tables as the service has them, with all their indexes, in one
statement. The values are those of an event and an order of the service's, but for what has to differ.
"""

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from ops.bench.throughput.databases import address_of, create_database
from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.load import Measured
from ops.bench.throughput.plan import Outcome
from ops.bench.throughput.processors import used_s
from ops.database import Address, as_owner
from ops.migrations import migrate

_THREADS = 2
_SAMPLE = "SELECT * FROM ledger.event JOIN ledger.order_view USING (site, position) LIMIT 1"
_SITE = "INSERT INTO ledger.site (site, live, created_at) VALUES ($1, false, 0) ON CONFLICT DO NOTHING"
_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_TABLES = {"event": "ledger.event", "view": "ledger.order_view"}
_DIFFERING = {
    "position": ":number",
    "stream": "'order-' || :number",
    "event_id": "'ev_' || :number",
    "id": "'order_' || :number",
}
_SCRIPT = """\\set number random(1, 1000000000000000)
WITH event AS (INSERT INTO ledger.event ({event_columns}) VALUES ({event_values}))
INSERT INTO ledger.order_view ({view_columns}) VALUES ({view_values});
"""
_PROCESSED = re.compile(r"number of transactions actually processed: (\d+)")
_RATE = re.compile(r"tps = ([\d.]+)")


async def prepared_script(owner: dict[str, Any], like: Address) -> str:
    """Make the database; the script that inserts the rows of an order of the service's."""
    await create_database(owner)
    async with as_owner(address_of(owner)) as connection:
        await migrate(connection)
        async with as_owner(like) as service:
            sample = await service.fetchrow(_SAMPLE)
        if sample is None:
            raise BenchFailed("the service has no order whose rows could be taken")
        await connection.execute(_SITE, sample["site"])
        values = {}
        for table in ("event", "view"):
            names = [row[0] for row in await connection.fetch(_COLUMNS, _TABLES[table])]
            values[f"{table}_columns"] = ", ".join(names)
            values[f"{table}_values"] = ", ".join([await _literal(connection, name, sample[name]) for name in names])
    return _SCRIPT.format(**values)


async def _literal(connection: asyncpg.Connection, name: str, value: object) -> str:
    if name in _DIFFERING:
        return _DIFFERING[name]
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value)
    quoted: str = await connection.fetchval("SELECT quote_literal($1)", value)
    return quoted


@dataclass(frozen=True, slots=True)
class PgBench:
    """The program on a database that ``prepared_script`` has made.

    Args:
        seconds: of a round; there is nothing to warm up but the connections, which do not count.
        postmaster: whose descendants' processor time counts.
    """

    program: Path
    owner: dict[str, Any]
    script: Path
    clients: int
    seconds: float
    postmaster: int

    def run(self) -> Measured:
        """One round.

        Raises:
            BenchFailed: it ended with an error.
        """
        before, own_s = used_s({"database": self.postmaster}), _ended_s()
        done = subprocess.run(self._command(), capture_output=True, text=True, check=False)  # noqa: S603
        after, own_s = used_s({"database": self.postmaster}), _ended_s() - own_s
        processed, rate = _PROCESSED.search(done.stdout), _RATE.search(done.stdout)
        if done.returncode or processed is None or rate is None:
            raise BenchFailed(f"pgbench: {done.stderr}{done.stdout}")
        answers = int(processed[1])
        outcome = Outcome(
            answers=answers, seconds=answers / float(rate[1]), p50_ms=None, p99_ms=None, processor_s=own_s
        )
        spent = {"database": after["database"] - before["database"], "load": own_s}
        return Measured(outcome, {name: each * 1e6 / answers for name, each in spent.items()})

    def _command(self) -> list[str]:
        owner = self.owner
        place = ["-h", owner["host"], "-p", str(owner["port"]), "-U", owner["user"], owner["database"]]
        load = ["-c", str(self.clients), "-j", str(_THREADS), "-T", str(max(1, round(self.seconds)))]
        return [str(self.program), "-n", "-M", "prepared", *load, "-f", str(self.script), *place]


def _ended_s() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime

"""Settings of the database that decide whether what was acknowledged stays, as a session of the service has them."""

from collections.abc import Iterator

import asyncpg

from ledger.limits import STATEMENT_TIMEOUT_S
from ops.database import POOL_SIZE_MAX
from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.limits import CONNECTIONS_MIN, CONNECTIONS_USED_SHARE_MAX
from ops.doctor.sql import query

_MUST_BE_ON = {
    "fsync": "a power cut would lose or tear what was acknowledged",
    "full_page_writes": "a power cut can tear pages, unless the file system never does",
}


async def settings_findings(service: asyncpg.Connection) -> list[Finding]:
    """Args:
    service: a session as the service has it: settings may belong to its role.
    """
    row = await service.fetchrow(query("settings"))
    assert row is not None
    durability = list(_durability(row))
    if not durability:
        durability.append(ok("settings", "what is acknowledged is on the disk, and damage to it is noticed"))
    return [*durability, *_bounds(row), *_connections(row)]


def _durability(row: asyncpg.Record) -> Iterator[Finding]:
    for name, reason in _MUST_BE_ON.items():
        if row[name] != "on":
            yield fault("settings", f"{name} is {row[name]}: {reason}", f"set {name} = on")
    if row["synchronous_commit"] in {"off", "local"}:
        yield fault(
            "settings",
            f"synchronous_commit is {row['synchronous_commit']}: commits are acknowledged before they are safe",
            "set synchronous_commit = on for the server or the service's role",
        )
    if row["data_checksums"] != "on":
        yield warning(
            "settings", "data_checksums is off: damage by the disk goes unnoticed", "turn them on with pg_checksums"
        )
    if row["server_encoding"] != "UTF8":
        yield fault("settings", f"the encoding is {row['server_encoding']}", "use a database with UTF8")


def _bounds(row: asyncpg.Record) -> Iterator[Finding]:
    if row["autovacuum"] != "on":
        yield warning(
            "settings", "autovacuum is off: lists and commands become slower and slower", "set autovacuum = on"
        )
    timeout_s = row["statement_timeout_ms"] / 1000
    if 0 < timeout_s < STATEMENT_TIMEOUT_S:
        yield warning(
            "settings",
            f"statement_timeout is {timeout_s:g} s, and the service gives statements {STATEMENT_TIMEOUT_S:g} s",
            "set it higher or 0 for the service's login",
        )


def _connections(row: asyncpg.Record) -> Iterator[Finding]:
    allowed, used = row["connections_max"], row["connections"]
    told = f"{used} of {allowed} connections are in use"
    if used > allowed * CONNECTIONS_USED_SHARE_MAX:
        yield warning("connections", told, f"raise max_connections: each worker takes up to {POOL_SIZE_MAX}")
    elif allowed < CONNECTIONS_MIN:
        yield warning("connections", f"{told}; that is few", f"each worker takes up to {POOL_SIZE_MAX}")
    else:
        yield ok("connections", told)

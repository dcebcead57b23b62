"""Databases of a run, all on one embedded PostgreSQL with the settings that the service runs with."""

from typing import Any
from urllib.parse import urlencode

import asyncpg

from ops.bench.throughput.failure import BenchFailed
from ops.database import Address
from ops.embedded import EmbeddedPostgres


def owner_of(postgres: EmbeddedPostgres, database: str) -> dict[str, Any]:
    """Arguments of ``asyncpg.connect`` for the owner of a database."""
    return {
        "host": str(postgres.socket_dir),
        "port": postgres.port,
        "user": postgres.superuser,
        "database": database,
    }


def url_of(owner: dict[str, Any]) -> str:
    """The same as a URL, as the service takes it."""
    place = urlencode({name: owner[name] for name in ("host", "port", "user")})
    return f"postgresql:///{owner['database']}?{place}"


def address_of(owner: dict[str, Any]) -> Address:
    """The same as the service's own code takes it."""
    return Address(owner=owner, service=owner | {"user": "order_ledger_service"}, is_embedded=True)


def postmaster_of(postgres: EmbeddedPostgres) -> int:
    """The process whose descendants are the database.

    Raises:
        BenchFailed: it has ended.
    """
    pid = postgres.postmaster_pid
    if pid is None:
        raise BenchFailed("PostgreSQL has ended")
    return pid


async def create_database(owner: dict[str, Any]) -> bool:
    """Create a database; False where it is there already."""
    connection = await asyncpg.connect(**(owner | {"database": "postgres"}))
    try:
        known = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", owner["database"])
        if not known:
            await connection.execute(f"CREATE DATABASE {owner['database']}")
        return not known
    finally:
        await connection.close()

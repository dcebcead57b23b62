"""Digests of tables, to tell whether a restored one is byte for byte what was backed up.

Rows are read in the binary form of COPY, in the order of the primary key: text keys are COLLATE "C", so that order,
like that form, is the same on every server.
"""

import hashlib

import asyncpg

from ops.backup.manifest import TableDigest
from ops.backup.progress import OnProgress, counted
from ops.backup.sql import query


async def digests(connection: asyncpg.Connection, on_progress: OnProgress) -> dict[str, TableDigest]:
    """All tables of the ledger by name, as the connection's transaction sees them."""
    tables = await connection.fetch(query("tables"))
    on_table = counted(on_progress, "reading tables", len(tables))
    found = {}
    for table in tables:
        found[table["name"]] = await _digest(connection, table["statement"])
        on_table(table["name"])
    return found


async def _digest(connection: asyncpg.Connection, statement: str) -> TableDigest:
    digest = hashlib.sha256()

    async def take(data: bytes) -> None:
        digest.update(data)

    # "COPY 42"
    told = await connection.copy_from_query(statement, output=take, format="binary")
    return TableDigest(rows=int(told.rpartition(" ")[2]), sha256=digest.hexdigest())

"""Tables and indexes: what the planner knows of them, indexes that were not built to their end, the schema's rules."""

import asyncpg

from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.schema_rules import breaches
from ops.doctor.sql import query


async def table_findings(connection: asyncpg.Connection) -> list[Finding]:
    """All of them."""
    return [await _statistics(connection), await _indexes(connection), await _rules(connection)]


async def _statistics(connection: asyncpg.Connection) -> Finding:
    rows = await connection.fetch(query("unanalyzed"))
    if rows:
        names = ", ".join(row["name"] for row in rows)
        return warning(
            "statistics", f"the planner knows nothing of {names}", "run ANALYZE, and see that autovacuum works"
        )
    return ok("statistics", "the planner knows all tables that have grown")


async def _indexes(connection: asyncpg.Connection) -> Finding:
    names = [row["name"] for row in await connection.fetch(query("invalid_indexes"))]
    if names:
        return warning("indexes", f"not built to their end: {', '.join(names)}", "REINDEX INDEX CONCURRENTLY each")
    return ok("indexes", "all are whole")


async def _rules(connection: asyncpg.Connection) -> Finding:
    """Only its owner breaks one, by adding something."""
    found = await breaches(connection, "ledger")
    if found:
        told = "; ".join(f"{rule}, but {culprit}" for rule, culprit in found)
        return fault(
            "schema rules", told, "remove what was added: it keeps sites from being spread over several machines"
        )
    return ok("schema rules", "whole sites can be spread over several machines")

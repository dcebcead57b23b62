"""The rules that keep whole sites movable to a distributed engine (design: "Beyond one machine"), read off a catalog.

What counts as a breach of each rule stands beside it, in ``sql/breaches.sql``.
"""

import re

import asyncpg

from ops.doctor.sql import query

RULES = frozenset(re.findall("^SELECT '([^']+)'", query("breaches"), re.MULTILINE))


async def breaches(connection: asyncpg.Connection, schema: str) -> list[tuple[str, str]]:
    """Each breach in a schema: the rule, and what breaks it."""
    rows = await connection.fetch(query("breaches"), schema)
    return [(row["rule"], row["culprit"]) for row in rows]

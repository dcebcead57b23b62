"""The rules that keep whole sites movable to a distributed engine (design: "Beyond one machine"), read off a catalog.

What counts as a breach of each rule stands beside it, in ``sql/breaches.sql``.
"""

import re
from pathlib import Path

import asyncpg

_BREACHES = (Path(__file__).with_name("sql") / "breaches.sql").read_text(encoding="utf-8")
RULES = frozenset(re.findall("^SELECT '([^']+)'", _BREACHES, re.MULTILINE))


async def breaches(connection: asyncpg.Connection, schema: str) -> list[tuple[str, str]]:
    """Each breach in a schema: the rule, and what breaks it."""
    rows = await connection.fetch(_BREACHES, schema)
    return [(row["rule"], row["culprit"]) for row in rows]

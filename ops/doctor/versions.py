"""Versions: of Python and the packages, of PostgreSQL, and of the schema."""

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

import asyncpg

from ops.doctor.finding import Finding, fault, ok, warning
from ops.embedded.limits import POSTGRES_MAJOR_MIN
from ops.migrations import SchemaMismatch, pending

_PACKAGE = "order-ledger"
_REQUIREMENT = re.compile(r"([\w.-]+)[^;]*?>=\s*([\d.]+)")


def program_findings() -> Iterator[Finding]:
    """Python and the packages that this version needs."""
    yield ok(
        "version", f"order-ledger {version(_PACKAGE)} on Python {platform.python_version()}, {platform.platform()}"
    )
    old = list(_old_packages(requires(_PACKAGE) or []))
    if old:
        yield fault("packages", f"too old or missing: {', '.join(old)}", "install this version of order-ledger again")
    else:
        yield ok("packages", "all as new as this version needs")


async def server_findings(connection: asyncpg.Connection) -> list[Finding]:
    """PostgreSQL and the schema."""
    server = await connection.fetchval("SHOW server_version")
    if connection.get_server_version().major < POSTGRES_MAJOR_MIN:
        found = fault("postgresql", f"version {server}", f"the ledger needs PostgreSQL {POSTGRES_MAJOR_MIN} or later")
    else:
        found = ok("postgresql", f"version {server}")
    return [found, await _schema(connection)]


async def _schema(connection: asyncpg.Connection) -> Finding:
    try:
        lacking = await pending(connection)
    except SchemaMismatch as mismatch:
        return fault("schema", mismatch.reason, "run the version of order-ledger that migrated it, or a later one")
    if lacking:
        names = ", ".join(migration.name for migration in lacking)
        return warning(
            "schema",
            f"{len(lacking)} migrations are to be applied: {names}",
            "run `order-ledger migrate` as the owner; `serve` does it for a data folder",
        )
    return ok("schema", "that of this version")


def _old_packages(requirements: list[str]) -> Iterator[str]:
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is None or "extra ==" in requirement:
            continue
        name, least = match.groups()
        try:
            found = version(name)
        except PackageNotFoundError:
            yield f"{name} (needs {least})"
            continue
        if _numbers(found) < _numbers(least):
            yield f"{name} {found} (needs {least})"


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]

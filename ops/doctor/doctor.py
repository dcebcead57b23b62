"""Asks all that looks at an installation, also where the database cannot be had or the ledger is not in it yet."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

import asyncpg

from ledger.errors import DatabaseUnavailable
from ledger.ids import system_clock_ms
from ops.database import SERVICE_ROLE, Address, Report, as_owner, connect_as_service, reachable
from ops.doctor.files import file_findings
from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.following import following_findings
from ops.doctor.machine import clock_findings, disk_findings
from ops.doctor.rights import rights_findings
from ops.doctor.settings import settings_findings
from ops.doctor.tables import table_findings
from ops.doctor.versions import program_findings, server_findings
from ops.durability import names_several_hosts, read_replication
from ops.embedded.errors import EmbeddedPostgresError
from ops.target import Target


def examine(target: Target, report: Report = lambda _: None) -> list[Finding]:
    """Look over an installation; changes nothing but starts the embedded server if nobody has."""
    return [*program_findings(), *_machine(target), *_database(target, report)]


def _machine(target: Target) -> Iterator[Finding]:
    if not target.data_dir.exists():
        if target.database_url is None:
            yield fault(
                "data", f"there is no folder {target.data_dir}", "name it with --data-dir, or `order-ledger serve`"
            )
        return
    yield from disk_findings(target.data_dir.absolute())
    yield from file_findings(target)


def _database(target: Target, report: Report) -> Iterator[Finding]:
    if target.database_url is None and not target.postgres_dir.exists():
        # Looking there would make a database.
        yield fault("database", f"there are no data in {target.data_dir} yet", "`order-ledger serve` makes them")
        return
    try:
        with reachable(target, report=report) as address:
            yield from asyncio.run(_ask(address, target))
    except EmbeddedPostgresError as error:
        yield fault("database", str(error), "the message says what to do")
    except DatabaseUnavailable as error:
        yield fault("database", error.reason, "start it, or correct the URL, its login or the network")


async def _ask(address: Address, target: Target) -> list[Finding]:
    async with as_owner(address) as connection:
        found = await _asked("postgresql", server_findings(connection))
        if await connection.fetchval("SELECT to_regclass('ledger.event')") is None:
            return [*found, fault("database", "there is no ledger in it", "run `order-ledger migrate` as the owner")]
        found += await _asked("rights", rights_findings(connection, is_embedded=address.is_embedded))
    try:
        service = await connect_as_service(address)
    except (asyncpg.PostgresError, DatabaseUnavailable) as error:
        told = f"the service cannot connect: {error}"
        return [*found, fault("database", told, f"let the login be a member of {SERVICE_ROLE}")]
    try:
        return found + await _ask_as_service(service, address, target)
    finally:
        await service.close()


async def _ask_as_service(service: asyncpg.Connection, address: Address, target: Target) -> list[Finding]:
    """What the service sees: settings may belong to its role, and it may read what others may not."""
    return [
        *await _asked("settings", settings_findings(service)),
        *await _asked("clock", clock_findings(service)),
        *await _asked("replication", _replication(service, address)),
        *await _asked("consumers", following_findings(service, target.keys, system_clock_ms())),
        *await _asked("tables", table_findings(service)),
    ]


async def _asked(check: str, findings: Awaitable[list[Finding]]) -> list[Finding]:
    """What cannot be looked at is a finding too; the rest goes on."""
    try:
        return await findings
    except asyncpg.PostgresError as error:
        return [warning(check, f"could not be looked at: {error}", "ask with a login that may, or mend what it says")]


async def _replication(connection: asyncpg.Connection, address: Address) -> list[Finding]:
    options: dict[str, Any] = {"several_hosts": names_several_hosts(address.owner.get("dsn", ""))}
    replication = await read_replication(connection)
    if told := replication.fault(**options):
        return [
            warning("replication", told, "until then a failover may lose what was acknowledged (docs/operations.md)")
        ]
    if replication.standbys:
        return [ok("replication", f"commits wait for one of {replication.standbys} standby servers")]
    return [ok("replication", "there is no standby server, so nothing to fail over to")]

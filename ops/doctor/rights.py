"""Rights in the database: the service adds events and can never change or remove one."""

import asyncpg

from ops.database import SERVICE_ROLE
from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.sql import query

_AGAIN = "revoke them; `ledger/sql/schema/005_rights.sql` and the files after it say which it should have"


async def rights_findings(connection: asyncpg.Connection, *, is_embedded: bool) -> list[Finding]:
    """Those of the service's role, and of the login on a database of somebody else's."""
    found = [await _log_rights(connection), await _powers(connection)]
    if not is_embedded:
        found.append(await _login(connection))
    return found


async def _log_rights(connection: asyncpg.Connection) -> Finding:
    rows = await connection.fetch(query("forbidden_rights"), SERVICE_ROLE)
    if rows:
        rights = ", ".join(f"{row['privilege']} on {row['relation']}" for row in rows)
        return fault("rights", f"the role {SERVICE_ROLE} can rewrite what was recorded: {rights}", _AGAIN)
    return ok("rights", f"the role {SERVICE_ROLE} can add events and change or remove none")


async def _powers(connection: asyncpg.Connection) -> Finding:
    row = await connection.fetchrow(query("role_powers"), SERVICE_ROLE)
    if row is None:
        return fault("role", f"there is no role {SERVICE_ROLE}", "run `order-ledger migrate` as the owner")
    powers = [name for name, is_set in row.items() if is_set]
    if powers:
        return fault("role", f"the role {SERVICE_ROLE} has more than it needs: {', '.join(powers)}", "take it away")
    return ok("role", f"{SERVICE_ROLE} has no rights over roles, databases or the schema")


async def _login(connection: asyncpg.Connection) -> Finding:
    """A login that owns the tables can change them, whatever the role is that it works as."""
    if await connection.fetchval(query("login_is_mighty")):
        return warning(
            "login",
            "the login of the URL owns the tables or is a superuser: the database would not stop it",
            f"let the service use a login that is a member of {SERVICE_ROLE} and no more",
        )
    return ok("login", "has the rights of the service and no more")

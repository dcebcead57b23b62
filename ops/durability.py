"""Whether what the service acknowledges outlives its database server: commits that wait for a standby, or for none.

On a pair of servers that replicates asynchronously, a failover forgets the last commits of the old primary, thousands
of them under load, each of which a client was told is done. The service refuses to start on one unless the operator
insists. Looks only at settings and at who is connected; changes nothing.

A login without ``pg_read_all_stats`` sees how many standbys are connected and not who they are, which is enough here.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import asyncpg

from ledger.errors import OperationFailed
from ops.database import Address, as_owner

# Who receives the log, without those that carry out a backup or a logical stream: nobody fails over to them.
_REPLICATION = """
SELECT
    current_setting('synchronous_standby_names') AS synchronous_names,
    current_setting('synchronous_commit') AS synchronous_commit,
    (
        SELECT count(*)
        FROM pg_stat_replication AS standby
        WHERE standby.state IS DISTINCT FROM 'backup'
            AND coalesce(standby.application_name NOT IN ('pg_basebackup', 'pg_receivewal'), true)
            AND NOT EXISTS (
                SELECT FROM pg_replication_slots AS slot
                WHERE slot.active_pid = standby.pid AND slot.slot_type = 'logical'
            )
    ) AS standbys
"""
# What waits for the standby. The others wait for nothing (off) or for the own disk alone (local).
_WAITS_FOR_STANDBY = frozenset({"on", "remote_apply", "remote_write"})


class AsynchronousReplication(OperationFailed):
    """Commits do not wait for a standby."""


@dataclass(frozen=True, slots=True)
class Replication:
    """How a server replicates: its two settings, and how many standbys receive its log."""

    synchronous_names: str
    synchronous_commit: str
    standbys: int

    def fault(self, *, several_hosts: bool) -> str | None:
        """Why a failover would forget what was acknowledged, and what to do; None where it would not.

        Args:
            several_hosts: the database's URL names more than one, so there is somebody to fail over to.
        """
        if not self.standbys and not several_hosts:
            return None
        if not self.synchronous_names.strip():
            return (
                f"{self._evidence} but synchronous_standby_names is empty: commits wait for no standby, and a failover "
                "forgets what was acknowledged last. Set it on each server, such as 'ANY 1 (*)' "
                "(Patroni: synchronous_mode and synchronous_mode_strict)"
            )
        if self.synchronous_commit not in _WAITS_FOR_STANDBY:
            return (
                f"{self._evidence} but synchronous_commit is {self.synchronous_commit}: commits wait for no standby, "
                "and a failover forgets what was acknowledged last. Set it to on for the login of the service"
            )
        return None

    @property
    def _evidence(self) -> str:
        if not self.standbys:
            return "The URL of the database names several hosts,"
        return f"The database has {self.standbys} standby server{'s' if self.standbys > 1 else ''},"


async def read_replication(connection: asyncpg.Connection) -> Replication:
    """How the server of a connection replicates. Any login may ask."""
    row = await connection.fetchrow(_REPLICATION)
    assert row is not None
    return Replication(**dict(row))


async def replication_fault(address: Address) -> str | None:
    """Why a failover would forget what was acknowledged, and what to do; None where it would not.

    Raises:
        DatabaseUnavailable: the database cannot be reached.
    """
    async with as_owner(address) as connection:
        replication = await read_replication(connection)
    return replication.fault(several_hosts=names_several_hosts(address.owner.get("dsn", "")))


async def require_synchronous(address: Address) -> None:
    """Refuse a pair of servers that replicates asynchronously.

    Raises:
        AsynchronousReplication: a failover would forget what was acknowledged.
        DatabaseUnavailable: the database cannot be reached.
    """
    if fault := await replication_fault(address):
        raise AsynchronousReplication(
            f"{fault}. To start all the same: --allow-asynchronous-replication (docs/operations.md)."
        )


def names_several_hosts(database_url: str) -> bool:
    """Whether a URL lists hosts, as in ``postgresql://a,b/name`` or ``?host=a,b``."""
    parts = urlsplit(database_url)
    hosts = [parts.netloc.rpartition("@")[2], *parse_qs(parts.query).get("host", [])]
    return any("," in each for each in hosts)

"""The embedded PostgreSQL: a server that lives in a state folder and dies with the process that owns it.

`EmbeddedPostgres.open(folder)` is all a caller needs. The code is synchronous and opens no SQL connection; it
starts, watches and stops a server, and hands out the socket folder to connect through.
"""

from ops.embedded.errors import (
    BinariesNotFound,
    BinariesUnreachable,
    EmbeddedPostgresError,
    ForeignOwner,
    InitdbFailed,
    NoUnprivilegedUser,
    OtherMajorVersion,
    ServerDidNotStart,
    ServerDied,
    SettingReserved,
    SocketPathTooLong,
    StateFolderNotPrivate,
    StateFolderUnusable,
)
from ops.embedded.ownership import Role
from ops.embedded.supervisor import EmbeddedPostgres

__all__ = [
    "BinariesNotFound",
    "BinariesUnreachable",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ForeignOwner",
    "InitdbFailed",
    "NoUnprivilegedUser",
    "OtherMajorVersion",
    "Role",
    "ServerDidNotStart",
    "ServerDied",
    "SettingReserved",
    "SocketPathTooLong",
    "StateFolderNotPrivate",
    "StateFolderUnusable",
]

"""The embedded PostgreSQL: a server that lives in a state folder and dies with the process that owns it.

`EmbeddedPostgres.open(folder)` is all a caller needs. The code is synchronous and opens no SQL connection; it
starts, watches and stops a server, and hands out the socket folder to connect through.
"""

from ops.embedded.errors import (
    BinariesNotFoundError,
    BinariesUnreachableError,
    EmbeddedPostgresError,
    ForeignOwnerError,
    InitdbFailedError,
    NoUnprivilegedUserError,
    OtherMajorVersionError,
    ServerDidNotStartError,
    ServerDied,
    SettingReservedError,
    SocketPathTooLongError,
    StateFolderNotPrivateError,
    StateFolderUnusableError,
)
from ops.embedded.ownership import Role
from ops.embedded.supervisor import EmbeddedPostgres

__all__ = [
    "BinariesNotFoundError",
    "BinariesUnreachableError",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "ForeignOwnerError",
    "InitdbFailedError",
    "NoUnprivilegedUserError",
    "OtherMajorVersionError",
    "Role",
    "ServerDidNotStartError",
    "ServerDied",
    "SettingReservedError",
    "SocketPathTooLongError",
    "StateFolderNotPrivateError",
    "StateFolderUnusableError",
]

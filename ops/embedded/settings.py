"""The settings that the server is started with. They win over postgresql.conf and ALTER SYSTEM."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.embedded.errors import SettingReserved
from ops.embedded.limits import SHARED_BUFFERS_MB_MAX, SHARED_BUFFERS_MB_MIN

PORT: Final = 5432
"""Names the socket file; no TCP port is opened."""

DEFAULTS: Final[Mapping[str, str]] = {
    "listen_addresses": "",  # no TCP: who may use the database is who may enter the socket's folder
    "unix_socket_permissions": "0700",  # a second lock behind that folder's
    "max_connections": "100",  # several worker processes with their pools, commands and backups
    "fsync": "on",  # an acknowledged event survives a power cut
    "synchronous_commit": "on",  # the same; group commit makes up for its price
    "full_page_writes": "on",  # the same, for pages torn by the power cut
    "wal_level": "replica",  # online backups and replicas without a restart
    "autovacuum_naptime": "10s",  # a new log is filled within minutes: what the planner knows of it must keep up
    "jit": "off",  # its compile time exceeds our queries'
    "timezone": "UTC",  # times are made by the application; what SQL prints must not depend on the machine
    "log_timezone": "UTC",  # one clock in the log, whatever the machine's
    "log_line_prefix": "%m [%p] %q%u@%d ",  # when, which process, who
    "log_lock_waits": "on",  # writers of a site queue on its head row: show a stuck one
    "cluster_name": "order-ledger",  # tells this server's processes from others in `ps`
}

_FIXED: Final[Mapping[str, str]] = {
    "port": str(PORT),  # clients know the socket file by it
    "logging_collector": "off",  # the log is what the server writes to the file it was given (server_log.py)
    "log_destination": "stderr",
}
RESERVED: Final = frozenset({*_FIXED, "unix_socket_directories", "data_directory"})

_MEMORY_SHARE = 16
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def server_settings(socket_folder: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Our defaults, what the caller chose instead of them, and what nobody may choose."""
    chosen = {name.lower(): value for name, value in chosen.items()}
    if reserved := RESERVED & chosen.keys():
        raise SettingReserved(reserved)
    defaults = {**DEFAULTS, "shared_buffers": f"{_shared_buffers_mb()}MB"}
    return {**defaults, **chosen, **_FIXED, "unix_socket_directories": _one_folder(socket_folder)}


def _one_folder(path: str) -> str:
    """The setting is a list: quoted, so that a comma or a space in the path stays part of it."""
    return '"' + path.replace('"', '""') + '"'


def _shared_buffers_mb() -> int:
    """A modest part of the memory: the service and the page cache live on the same machine."""
    share = _memory_bytes() // _MEMORY_SHARE // 1024**2
    return min(max(share, SHARED_BUFFERS_MB_MIN), SHARED_BUFFERS_MB_MAX)


def _memory_bytes() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(_CONTAINER_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return machine

"""Every bound of the embedded PostgreSQL, with its reason. Waiting for a living server has none, on purpose:
crash recovery takes what it takes, and giving up on it only makes it start over."""

from typing import Final

POSTGRES_MAJOR_MIN: Final = 15
"""The oldest version that the ledger's SQL is written for."""

POLL_SECONDS: Final = 0.02
"""How often a wait looks again: short beside a warm start (about 50 ms), cheap beside a long one."""

PROGRESS_SECONDS: Final = 5.0
"""How often a long wait tells that it still waits."""

COMMAND_OWNER_SECONDS_MAX: Final = 10.0
"""How long a service waits for a command to finish and hand over the folder before it joins as a client."""

USERS_SECONDS_MAX: Final = 30.0
"""How long an ending command keeps the server up for the other commands that use it."""

FAST_STOP_SECONDS_MAX: Final = 60.0
"""How long a fast stop may write its checkpoint; then an immediate stop, whose price is a recovery."""

IMMEDIATE_STOP_SECONDS_MAX: Final = 15.0
"""PostgreSQL itself kills its children 5 s into an immediate stop; past three times that, it is killed."""

ORPHANS_SECONDS_MAX: Final = 5.0
"""How long a backend without its postmaster may take to quit before it is killed."""

LOG_FILE_BYTES_MAX: Final = 10_000_000
LOG_FILES_MAX: Final = 5
"""50 MB of log: weeks of a healthy server, hours of one that complains about every statement."""

LOG_TAIL_BYTES_MAX: Final = 4_000
"""The end of the log that an error shows: a screenful."""

SOCKET_PATH_BYTES_MAX: Final = 107
"""`sun_path` has 108 bytes on Linux, the last of them a zero."""

SHARED_BUFFERS_MB_MIN: Final = 128
SHARED_BUFFERS_MB_MAX: Final = 1024
"""From PostgreSQL's own default to where the page cache of the system serves a ledger as well."""

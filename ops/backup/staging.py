"""A data folder that is filled out of the way and put in its place when all is well: half a restore is none."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ledger.errors import OperationFailed
from ledger.transparency.durable_files import make_folder, sync_folder

_STAGING = ".restoring"
_SERVER = "postgres"


class NotEmpty(OperationFailed):
    """Something is where a backup is to be restored."""


class RestoreRuns(OperationFailed):
    """Another restore into this data folder has not ended."""


@contextlib.contextmanager
def staged(data_dir: Path) -> Iterator[Path]:
    """A folder inside the data folder whose content moves up into it at the end; removed where the block fails.

    What a restore that was killed has left is removed first.

    Raises:
        NotEmpty: the data folder has something in it.
        RestoreRuns: somebody else is at it.
    """
    if data_dir.exists() and any(path.name != _STAGING for path in data_dir.iterdir()):
        raise NotEmpty(f"{data_dir} is not empty: a backup is restored into a folder of its own.")
    make_folder(data_dir)
    staging = data_dir / _STAGING
    with _alone_in(data_dir):
        if staging.exists():
            shutil.rmtree(staging)
        make_folder(staging)
        try:
            yield staging
            _move_up(staging)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Ends with the process, and leaves no file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RestoreRuns from None
        yield
    finally:
        os.close(descriptor)


def _move_up(staging: Path) -> None:
    # The server's folder comes last: where it is, all is.
    for path in sorted(staging.iterdir(), key=lambda path: path.name == _SERVER):
        path.rename(staging.parent / path.name)
    sync_folder(staging.parent)

"""Files beside the database: who can read them, whether the keys can sign, and what earlier runs have left."""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from ledger.transparency.key_copies import has_private_halves
from ledger.transparency.signing_hold import held_because
from ops.doctor.finding import Finding, fault, ok, warning
from ops.embedded.binaries import find_binaries
from ops.embedded.errors import BinariesNotFound
from ops.embedded.shared_binaries import other_copies
from ops.target import Target

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE = stat.S_IWGRP | stat.S_IWOTH


def file_findings(target: Target) -> Iterator[Finding]:
    """All of them."""
    yield from _modes(target)
    yield from _keys(target)
    yield from _leftovers(target)


def _modes(target: Target) -> Iterator[Finding]:
    private = [target.postgres_dir, target.keys.path, *_files_in(target.keys.path), *target.data_dir.glob("*.key")]
    private += [target.console_dir, *_files_in(target.console_dir)]
    open_ones = [path for path in private if path.exists() and path.stat().st_mode & _OTHERS]
    for path in open_ones:
        mode = stat.S_IMODE(path.stat().st_mode)
        advice = f"chmod {'700' if path.is_dir() else '600'} {path}"
        yield fault("files", f"{path} can be used by others than its owner (mode {mode:o})", advice)
    if target.data_dir.exists() and target.data_dir.stat().st_mode & _WRITE:
        yield fault("files", f"others can write into {target.data_dir}", f"chmod 700 {target.data_dir}")
    elif not open_ones:
        yield ok("files", "data, keys and secrets are their owner's alone")


def _keys(target: Target) -> Iterator[Finding]:
    path = target.keys.path
    if reason := held_because(path):
        yield fault("keys", f"nothing is signed with the keys in {path}: {reason}", "decide as it says")
    elif not (path / "operator").exists():
        yield warning(
            "keys", f"there are no signing keys in {path}", "the first `serve` makes them; name others with --keys-dir"
        )
    elif any(path.glob("*.json")) and not has_private_halves(path):
        yield fault(
            "keys",
            f"the keys in {path} can verify and cannot sign: their private halves were not in the backup",
            "copy the folder with the keys there from where the service signed before",
        )
    else:
        yield ok("keys", f"{path} can sign")


def _leftovers(target: Target) -> Iterator[Finding]:
    if (staging := target.data_dir / ".restoring").exists():
        yield warning("leftovers", f"a restore has not ended: {staging}", "remove it unless one is running")
    try:
        copies = other_copies(find_binaries())
    except BinariesNotFound as missing:
        if target.database_url is None:
            yield fault("leftovers", str(missing), "install this version of order-ledger again")
        return
    for copy in copies:
        yield warning(
            "leftovers",
            f"{copy} are PostgreSQL programs of another version",
            f"when no older service runs: rm -r {copy}",
        )


def _files_in(folder: Path) -> Iterable[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []

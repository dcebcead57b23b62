"""Copies of a folder with signing keys: with their private halves, or with the published halves alone.

A copy without private halves verifies what was signed and signs nothing. What was signed last is copied apart from the
keys: a backup takes it before its look at the database and the keys afterwards, so that the copy remembers nothing that
the database does not have, and has every key that the database shows.
"""

from pathlib import Path
from typing import Any

import msgspec

from ledger.transparency.durable_files import make_folder, write_durably

_OPERATOR = "operator"
_KEYS = ".json"
_MEMORY = ".signed"


def copy_memory(source: Path, folder: Path) -> list[Path]:
    """Copy what was signed last of each site; the files that were written."""
    return _copied([path for path in _files(source) if path.suffix == _MEMORY], folder)


def copy_keys(source: Path, folder: Path, *, private: bool) -> list[Path]:
    """Copy the name of the logs' operator and the keys of each site; the files that were written."""
    found = [path for path in _files(source) if path.name == _OPERATOR or path.suffix == _KEYS]
    return _copied(found, folder, drop_private=not private)


def has_private_halves(folder: Path) -> bool:
    """Whether any key in a folder can sign."""
    return any(
        "private_key" in key for path in _files(folder) if path.suffix == _KEYS for key in _keys(path.read_bytes())
    )


def _files(folder: Path) -> list[Path]:
    """Without the folder's lock: each file is replaced as a whole, so it is read as a whole."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _copied(paths: list[Path], folder: Path, *, drop_private: bool = False) -> list[Path]:
    written = []
    for path in paths:
        make_folder(folder)
        data = path.read_bytes()
        written.append(folder / path.name)
        write_durably(written[-1], _published(data) if drop_private and path.suffix == _KEYS else data)
    return written


def _published(data: bytes) -> bytes:
    halves = [{name: value for name, value in key.items() if name != "private_key"} for key in _keys(data)]
    return msgspec.json.format(msgspec.json.encode(halves))


def _keys(data: bytes) -> list[dict[str, Any]]:
    return msgspec.json.decode(data, type=list[dict[str, Any]])

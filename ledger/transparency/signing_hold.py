"""Keys that came out of a backup sign nothing until the operator has decided.

Their memory of what was signed is as old as the backup. What was signed after it nobody here can know, so to sign on
could be to sign a second history. A file beside the keys says that they are held back, and why.
"""

from pathlib import Path

from ledger.transparency.durable_files import make_folder, read_if_there, sync_folder, write_durably

_HELD = "held"


def hold(folder: Path, reason: str) -> None:
    """Let the keys in a folder sign nothing from here on. ``reason`` is told wherever something is to be signed."""
    make_folder(folder)
    write_durably(folder / _HELD, reason.encode() + b"\n")


def held_because(folder: Path) -> str | None:
    """Why the keys in a folder sign nothing; None where they do."""
    reason = read_if_there(folder / _HELD)
    return None if reason is None else reason.decode(errors="replace").strip()


def release(folder: Path) -> None:
    """Let the keys sign again."""
    (folder / _HELD).unlink(missing_ok=True)
    sync_folder(folder)

"""What the console's sessions are signed with: a file beside the data, so that a restart signs nobody out."""

import secrets
from pathlib import Path

from ledger.transparency.durable_files import locked, make_folder, read_if_there, write_durably

_BYTES = 32


def console_secret(folder: Path) -> bytes:
    """The secret of this folder, made the first time."""
    make_folder(folder)
    with locked(folder):
        secret = read_if_there(folder / "session.key")
        if secret is None or len(secret) != _BYTES:
            secret = secrets.token_bytes(_BYTES)
            write_durably(folder / "session.key", secret)
    return secret

"""What the console keeps beside the data: the secret of its sessions, which a restart must not change, and reports."""

import secrets
from pathlib import Path

import msgspec

from api.console.settings import ConsoleSettings
from ledger.transparency.durable_files import locked, make_folder, read_if_there, write_durably
from ops.serving.verification_runs import ConsoleVerifications
from ops.target import Target

_BYTES = 32


class ConsoleFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent tells a worker: the secret in hex, the folder, and where commands find the data."""

    secret: str
    folder: str
    environment: dict[str, str]

    @classmethod
    def prepared(cls, target: Target) -> "ConsoleFiles":
        """The files of a target; the secret is made the first time."""
        folder = target.console_dir
        return cls(secret=_secret(folder).hex(), folder=str(folder), environment=target.environment)

    @property
    def settings(self) -> ConsoleSettings:
        """The console's settings in a worker."""
        return ConsoleSettings(secret=bytes.fromhex(self.secret))

    @property
    def verifications(self) -> ConsoleVerifications:
        """Runs verifications for a worker, and reads what the last ones said."""
        return ConsoleVerifications(Path(self.folder), self.environment)


def _secret(folder: Path) -> bytes:
    make_folder(folder)
    with locked(folder):
        secret = read_if_there(folder / "session.key")
        if secret is None or len(secret) != _BYTES:
            secret = secrets.token_bytes(_BYTES)
            write_durably(folder / "session.key", secret)
    return secret

"""Where the data are: a data folder with a PostgreSQL of its own, or a database that somebody else runs."""

from dataclasses import dataclass
from pathlib import Path

from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.signing_keys import KeyFolder

DEFAULT_DATA_DIR = Path("var")


@dataclass(frozen=True, slots=True)
class Target:
    """A data folder, or, if ``database_url`` is given, that database; the folder then holds no server.

    Keys and anchors are files in either case: in the data folder, or the keys where ``keys_dir`` says.
    """

    data_dir: Path = DEFAULT_DATA_DIR
    database_url: str | None = None
    keys_dir: Path | None = None

    @property
    def postgres_dir(self) -> Path:
        """State folder of the embedded server."""
        return self.data_dir.absolute() / "postgres"

    @property
    def keys(self) -> KeyFolder:
        """The keys that sign checkpoints."""
        return KeyFolder((self.keys_dir or self.data_dir / "keys").absolute())

    @property
    def anchors(self) -> AnchorFiles:
        """Checkpoints kept outside the database."""
        return AnchorFiles(self.data_dir.absolute() / "anchors")

    @property
    def environment(self) -> dict[str, str]:
        """What makes commands of a process that is started find the same data."""
        named = {"ORDER_LEDGER_DATA_DIR": self.data_dir.absolute(), "ORDER_LEDGER_DATABASE_URL": self.database_url}
        named["ORDER_LEDGER_KEYS_DIR"] = self.keys_dir.absolute() if self.keys_dir else None
        return {name: str(value) for name, value in named.items() if value is not None}

    @property
    def console_dir(self) -> Path:
        """What the console keeps: the secret of its sessions."""
        return self.data_dir.absolute() / "console"

    @property
    def verified_dir(self) -> Path:
        """How far each log was verified before."""
        return self.data_dir.absolute() / "verified"

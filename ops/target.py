"""Where the data are: a data folder with a PostgreSQL of its own, or a database that somebody else runs."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_DATA_DIR = Path("var")


@dataclass(frozen=True, slots=True)
class Target:
    """A data folder, or, if ``database_url`` is given, that database; the folder then holds no server."""

    data_dir: Path = DEFAULT_DATA_DIR
    database_url: str | None = None

    @property
    def postgres_dir(self) -> Path:
        """State folder of the embedded server."""
        return self.data_dir.absolute() / "postgres"

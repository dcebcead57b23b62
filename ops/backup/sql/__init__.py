"""The named queries of backups, one statement per file."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Text of ``<name>.sql``."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")

"""The named queries of the views. One statement per file in ``queries/``, read once by name."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Text of ``queries/<name>.sql``."""
    return files(__name__).joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")

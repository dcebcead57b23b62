"""The named queries of the views, one statement per file in ``queries/``, and ``shapes/`` with slots to be filled."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Text of ``queries/<name>.sql``."""
    return files(__name__).joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")


@cache
def shape(name: str) -> str:
    """Text of ``shapes/<name>.sql`` without its comments, whose braces would be taken for slots."""
    text = files(__name__).joinpath("shapes", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
